//go:build linux

package socket

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls that neither syscall nor x/sys/unix offers in the form that is needed here: without
// an allocation, and with MSG_DONTWAIT, so that a duplicate which somebody made blocking cannot
// block us. A write to a connection that has ended raises SIGPIPE, as package net's does: the
// runtime ignores it, unless the program asked for it by signal.Notify. accept4 has no flag like
// MSG_DONTWAIT: see Listener.acceptAtOnce.

// soPeerName is SO_PEERNAME (include/uapi/asm-generic/socket.h). Unlike getpeername(2) it answers
// for a connection that has been reset, too.
const soPeerName = 28

// A transfer that cannot block and is short is made without telling the scheduler: it ends sooner
// than another thread could take over the P, and the goroutine need not look for one afterwards.
// Sends are longer than receives, since the loopback device delivers them within the call.
const (
	rawRecvMax = 64 << 10
	rawSendMax = 16 << 10
)

func recvNow(fd int, p []byte) (int, syscall.Errno) {
	return transfer(unix.SYS_RECVFROM, fd, p, unix.MSG_DONTWAIT, len(p) <= rawRecvMax)
}

// hasData reports whether a receive would find something, or the end.
func hasData(fd int) bool {
	var b [1]byte
	_, errno := transfer(unix.SYS_RECVFROM, fd, b[:], unix.MSG_DONTWAIT|unix.MSG_PEEK, true)
	return errno != syscall.EAGAIN
}

func sendNow(fd int, p []byte, visibly bool) (int, syscall.Errno) {
	return transfer(unix.SYS_SENDTO, fd, p, unix.MSG_DONTWAIT, !visibly && len(p) <= rawSendMax)
}

func transfer(trap uintptr, fd int, p []byte, flags uintptr, raw bool) (int, syscall.Errno) {
	if raw {
		n, _, errno := syscall.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
		return int(n), errno
	}
	n, _, errno := syscall.Syscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
	return int(n), errno
}

// localName stores the encoded local address in buf and returns its length, or 0.
func localName(fd int, buf []byte) int {
	n := uint32(len(buf))
	_, _, errno := syscall.RawSyscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(unsafe.Pointer(&n)))
	if errno != 0 {
		return 0
	}
	return min(int(n), len(buf))
}

// peerName stores the encoded address of the peer in buf and returns its length, or 0. The option
// must be asked for with no more than the size of the address, which is that of the local one.
func peerName(fd int, buf []byte) int {
	n := uint32(len(buf))
	_, _, errno := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), syscall.SOL_SOCKET, soPeerName, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(unsafe.Pointer(&n)), 0)
	if errno != 0 {
		return 0
	}
	return min(int(n), len(buf))
}

// acceptNow accepts from a non-blocking listener. Where somebody may make it blocking at this very
// moment it is not raw: a call that waits keeps a goroutine then, as package net's does, but no P.
// The peer's address is stored in rsa, unless that is nil.
func acceptNow(fd int, rsa *syscall.RawSockaddrAny, raw bool) (int, syscall.Errno) {
	const flags = syscall.SOCK_CLOEXEC | syscall.SOCK_NONBLOCK
	size := uint32(unsafe.Sizeof(*rsa))
	if raw {
		n, _, errno := syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(rsa)), uintptr(unsafe.Pointer(&size)), flags, 0, 0)
		return int(n), errno
	}
	n, _, errno := syscall.Syscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(rsa)), uintptr(unsafe.Pointer(&size)), flags, 0, 0)
	return int(n), errno
}

// closeNow closes a socket that does not linger, and so does not wait either.
func closeNow(fd int) error {
	_, _, errno := syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	if errno != 0 {
		return os.NewSyscallError("close", errno)
	}
	return nil
}
