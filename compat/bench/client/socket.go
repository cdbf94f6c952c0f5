//go:build linux

package client

import (
	"fmt"
	"io"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
)

// socket is the descriptor of a connection.
type socket int

// dial connects. Until the socket is made non-blocking its calls wait, each for at most settle.
func dial(addr netip.AddrPort) (socket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if err := connect(fd, addr); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return socket(fd), nil
}

func connect(fd int, addr netip.AddrPort) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fmt.Errorf("setsockopt TCP_NODELAY: %w", err)
	}
	limit := unix.NsecToTimeval(int64(settle))
	for _, opt := range []int{unix.SO_RCVTIMEO, unix.SO_SNDTIMEO} {
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, opt, &limit); err != nil {
			return fmt.Errorf("setsockopt: %w", err)
		}
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return nil
}

// Read reads what is there.
func (s socket) Read(b []byte) (int, error) {
	n, err := rawio.Read(int(s), b)
	if err == nil && n == 0 {
		err = io.EOF
	}
	return n, err
}

// Write fails if the socket cannot take all. Requests in flight are few and short, so a full socket
// means that the server does not read.
func (s socket) Write(b []byte) (int, error) {
	n, err := rawio.Write(int(s), b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return n, err
}
