package apitest

import (
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// awaitBacklog returns when a connection waits to be accepted. A dial returns before that: the last
// step of the handshake may still be under way, and a reset that overtakes it leaves nothing to
// accept.
func awaitBacklog(t *testing.T, l net.Listener) {
	t.Helper()
	rc, err := l.(syscall.Conn).SyscallConn()
	check(t, err)
	check(t, rc.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		for err = unix.EINTR; err == unix.EINTR; {
			_, err = unix.Poll(fds, -1)
		}
	}))
	check(t, err)
}
