package apitest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// expect is nil if err is what was wanted.
func expect(err, want error) error {
	if errors.Is(err, want) || want == os.ErrDeadlineExceeded && isTimeoutOfDial(err) {
		return nil
	}
	return fmt.Errorf("ended with %w, want %w", err, want)
}

// isTimeoutOfDial: a dial that times out has one of two errors, also in package net.
func isTimeoutOfDial(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

func acceptScene(trigger func(l net.Listener) error, want error) func(w world) (longCallScene, error) {
	return func(w world) (longCallScene, error) {
		l, err := w.listen("tcp", "127.0.0.1:0")
		return longCallScene{
			func() error { _, err := l.Accept(); return expect(err, want) },
			func() error { return trigger(l) },
		}, err
	}
}

func dialAndDrop(a net.Addr) error {
	c, err := net.Dial(a.Network(), a.String())
	if err != nil {
		return err
	}
	return c.Close()
}

func setSoon(l net.Listener) error {
	return l.(interface{ SetDeadline(t time.Time) error }).SetDeadline(soon())
}

// dialScene dials to where nobody answers.
func dialScene(timeout bool, want error) func(w world) (longCallScene, error) {
	return func(w world) (longCallScene, error) {
		address, err := fullBacklog()
		ctx, cancel := context.WithCancel(context.Background())
		return longCallScene{
			func() error {
				var d net.Dialer
				if timeout { // if it is over before the call begins, this is a weaker test
					d.Timeout = 200 * time.Millisecond
				}
				_, err := w.dialWith(ctx, d, "tcp", address)
				return expect(err, want)
			},
			func() error {
				if !timeout {
					cancel()
				}
				return nil
			},
		}, err
	}
}

// fullBacklog is deafAddress without a test: the listener and what is in its queue stay until the
// process ends.
func fullBacklog() (address string, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	if err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err == nil {
		err = unix.Listen(fd, 0)
	}
	if err != nil {
		return "", err
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return "", err
	}
	for {
		c, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return "", err
		}
		if err := unix.Connect(c, sa); err != nil && err != unix.EINPROGRESS {
			return "", err
		}
		// Over the loopback a connection that there is room for is made at once.
		state, err := unix.GetsockoptTCPInfo(c, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil || state.State == unix.BPF_TCP_SYN_SENT {
			return netip4(sa), err
		}
	}
}

// connected returns both ends of a connection, the first one of w.
func connected(w world, network, address string) (c, peer net.Conn, err error) {
	l, err := w.listen(network, address)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	if peer, err = net.Dial(network, l.Addr().String()); err != nil {
		return nil, nil, err
	}
	c, err = l.Accept()
	return c, peer, err
}

type connTrigger func(c, peer net.Conn) error

func readScene(trigger connTrigger, want error) func(w world) (longCallScene, error) {
	return func(w world) (longCallScene, error) {
		c, peer, err := connected(w, "tcp", "127.0.0.1:0")
		return longCallScene{
			func() error { _, err := c.Read(make([]byte, 100)); return expect(err, want) },
			func() error { return trigger(c, peer) },
		}, err
	}
}

// writeScene writes more than the sockets take.
func writeScene(trigger connTrigger, want error) func(w world) (longCallScene, error) {
	return func(w world) (longCallScene, error) {
		c, peer, err := connected(w, "tcp", "127.0.0.1:0")
		if err == nil {
			err = errors.Join(c.(stream).SetWriteBuffer(8<<10), peer.(stream).SetReadBuffer(16<<10))
		}
		return longCallScene{
			func() error { _, err := c.Write(make([]byte, drained)); return expect(err, want) },
			func() error { return trigger(c, peer) },
		}, err
	}
}

// drained is more than the sockets take. It is not much more: what goes through such small buffers
// waits for the acknowledgement of each of them, which some kernels delay.
const drained = 256 << 10

func drain(c net.Conn) error {
	_, err := io.CopyN(io.Discard, c, drained)
	return err
}
