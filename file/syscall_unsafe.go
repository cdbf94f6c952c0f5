//go:build linux

package file

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
)

// preadNow is preadv2(2) with RWF_NOWAIT: it fails with EAGAIN rather than wait for what is on the
// disk. Before that it has the disk read ahead, and waits for room in the queue of the disk, and
// for the tables that say where a file is. So the scheduler is told.
func (r *request) preadNow(fd int, p []byte, off int64) (int, syscall.Errno) {
	r.iov.Base = unsafe.SliceData(p)
	r.iov.SetLen(len(p))
	low, high := uintptr(off), uintptr(uint64(off)>>32)
	n, errno := sched.CountedSyscall(&tries, unix.SYS_PREADV2, uintptr(fd), uintptr(unsafe.Pointer(&r.iov)), 1, low, high, unix.RWF_NOWAIT)
	r.iov = unix.Iovec{}
	return int(n), errno
}
