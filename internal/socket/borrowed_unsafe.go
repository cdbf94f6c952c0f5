//go:build linux

package socket

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What package net calls for each connection that it accepts is called here without telling the
// scheduler, where it cannot block. A call that the scheduler is told of wakes the runtime's
// monitor if all was idle. While the monitor is awake it takes Ps away from such calls, and has
// other threads woken for them.

// Share says that from now on somebody else may have the descriptor, or a duplicate of it, and make
// it blocking.
func (b *Borrowed) Share() {
	b.wr.mu.Lock()
	b.shared = true
	b.wr.mu.Unlock()
}

// Accept is accept4(2), of a listener. The scheduler is told where the descriptor may be blocking,
// as [Listener] does it.
func (b *Borrowed) Accept(rsa *syscall.RawSockaddrAny) (fd int, errno syscall.Errno) {
	b.wr.mu.Lock()
	b.listens = true
	if !b.shared {
		defer b.wr.mu.Unlock()
		return acceptNow(b.fd, rsa, true)
	}
	b.wr.mu.Unlock()
	return acceptNow(b.fd, rsa, false)
}

// SetsockoptInt is setsockopt(2).
func (b *Borrowed) SetsockoptInt(level, name, value int) syscall.Errno {
	v := int32(value)
	_, _, errno := syscall.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(b.fd), uintptr(level), uintptr(name), uintptr(unsafe.Pointer(&v)), unsafe.Sizeof(v), 0)
	return errno
}

// Close closes the descriptor, after Release. That waits for SO_LINGER, and a Unix socket may hold
// others, which linger in its place. Who shares the socket may have given it a protocol that waits.
// A listener resets all connections of its backlog.
func (b *Borrowed) Close() error {
	if b.kind != tcp || b.listens || b.shared || lingers(b.fd) {
		return syscall.Close(b.fd)
	}
	_, _, errno := syscall.RawSyscall(unix.SYS_CLOSE, uintptr(b.fd), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// lingers reports whether a socket has SO_LINGER, or does not say.
func lingers(fd int) bool {
	var l unix.Linger
	n := uint32(unsafe.Sizeof(l))
	_, _, errno := syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_LINGER, uintptr(unsafe.Pointer(&l)), uintptr(unsafe.Pointer(&n)), 0)
	return errno != 0 || l.Onoff != 0
}
