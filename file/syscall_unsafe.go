//go:build linux

package file

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawReadMax is how much is read without telling the scheduler: copying it ends sooner than another
// thread could take over the P.
const rawReadMax = 64 << 10

// preadNow is preadv2(2) with RWF_NOWAIT: it fails with EAGAIN rather than wait for the disk.
func preadNow(fd int, p []byte, off int64) (int, syscall.Errno) {
	iov := unix.Iovec{Base: unsafe.SliceData(p)}
	iov.SetLen(len(p))
	low, high := uintptr(off), uintptr(uint64(off)>>32)
	if len(p) <= rawReadMax {
		n, _, errno := syscall.RawSyscall6(unix.SYS_PREADV2, uintptr(fd), uintptr(unsafe.Pointer(&iov)), 1, low, high, unix.RWF_NOWAIT)
		return int(n), errno
	}
	n, _, errno := syscall.Syscall6(unix.SYS_PREADV2, uintptr(fd), uintptr(unsafe.Pointer(&iov)), 1, low, high, unix.RWF_NOWAIT)
	return int(n), errno
}
