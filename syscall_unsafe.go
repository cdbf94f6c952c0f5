//go:build linux

package uringnet

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls that neither syscall nor x/sys/unix offers in the form that is needed here: without an allocation, and with
// MSG_DONTWAIT, so that a duplicate which somebody made blocking cannot block us.

const sockaddrSize = 112 // sizeof(struct sockaddr_un) rounded up

// soPeerName is SO_PEERNAME (include/uapi/asm-generic/socket.h). Unlike getpeername(2) it answers for a
// connection that has been reset, too.
const soPeerName = 28

// rawMax is the largest transfer that is made without telling the scheduler: one that cannot block and copies this
// little ends sooner than another thread could take over the P.
const rawMax = 16 << 10

func recvNow(fd int, p []byte) (int, syscall.Errno) {
	return transfer(unix.SYS_RECVFROM, fd, p, unix.MSG_DONTWAIT)
}

func sendNow(fd int, p []byte) (int, syscall.Errno) {
	return transfer(unix.SYS_SENDTO, fd, p, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
}

func transfer(trap uintptr, fd int, p []byte, flags uintptr) (int, syscall.Errno) {
	if len(p) <= rawMax {
		n, _, errno := syscall.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
		return int(n), errno
	}
	n, _, errno := syscall.Syscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
	return int(n), errno
}

// localName returns the encoded local address, in buf, or nil.
func localName(fd int, buf *[sockaddrSize]byte) []byte {
	n := uint32(len(buf))
	_, _, errno := syscall.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(buf)), uintptr(unsafe.Pointer(&n)))
	if errno != 0 {
		return nil
	}
	return buf[:min(n, sockaddrSize)]
}

// peerName returns the encoded address of the peer, in buf, or nil. The option must be asked for
// with no more than the size of the address, which is that of the local one.
func peerName(fd int, size int, buf *[sockaddrSize]byte) []byte {
	n := uint32(size)
	_, _, errno := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), syscall.SOL_SOCKET, soPeerName, uintptr(unsafe.Pointer(buf)), uintptr(unsafe.Pointer(&n)), 0)
	if errno != 0 {
		return nil
	}
	return buf[:min(n, sockaddrSize)]
}

func dupCloseOnExec(fd int) (int, error) {
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("fcntl", err)
	}
	return dup, nil
}
