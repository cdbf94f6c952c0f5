//go:build linux

package file

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// preadNow is preadv2(2) with RWF_NOWAIT: it fails with EAGAIN rather than wait for what is on the
// disk. Before that it has the disk read ahead, and waits for room in the queue of the disk, and
// for the tables that say where a file is. So the scheduler is told.
func preadNow(fd int, p []byte, off int64) (int, syscall.Errno) {
	iov := unix.Iovec{Base: unsafe.SliceData(p)}
	iov.SetLen(len(p))
	low, high := uintptr(off), uintptr(uint64(off)>>32)
	n, _, errno := syscall.Syscall6(unix.SYS_PREADV2, uintptr(fd), uintptr(unsafe.Pointer(&iov)), 1, low, high, unix.RWF_NOWAIT)
	return int(n), errno
}
