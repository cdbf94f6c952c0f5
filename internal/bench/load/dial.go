//go:build linux

package load

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/proc"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// parseAddr reads what a server tells of itself: 127.0.0.1:PORT, or unix:PATH.
func parseAddr(s string) (unix.Sockaddr, error) {
	if path, ok := strings.CutPrefix(s, workload.UnixPrefix); ok {
		return &unix.SockaddrUnix{Name: path}, nil
	}
	addr, err := netip.ParseAddrPort(s)
	if err != nil || !addr.Addr().Is4() || !addr.Addr().IsLoopback() {
		return nil, fmt.Errorf("server address %q: want an IPv4 loopback address with port, or a Unix socket", s)
	}
	return &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}, nil
}

// socket returns a socket for the address. One of TCP has TCP_NODELAY, as Go's have it.
func socket(addr unix.Sockaddr, flags int) (int, error) {
	if _, ok := addr.(*unix.SockaddrUnix); ok {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|flags, 0)
		if err != nil {
			return -1, fmt.Errorf("socket: %w", err)
		}
		return fd, nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|flags, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("setsockopt TCP_NODELAY: %w", err)
	}
	return fd, nil
}

// spread gives a TCP socket one of 16 source addresses, each with its own ports. One address has
// too few for connections that come and go, whose closing side keeps its port for a minute, and the
// kernel takes long to find a free one where many are in use. The port itself is chosen at connect.
func (l *loop) spread(fd, number int) error {
	if _, ok := l.addr.(*unix.SockaddrInet4); !ok {
		return nil
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return fmt.Errorf("setsockopt IP_BIND_ADDRESS_NO_PORT: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1 + byte(number%16)}}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// dial connects, blocking; so are the reads and writes of the set-up that follow, each for at most
// settle.
func (l *loop) dial() (int, error) {
	fd, err := socket(l.addr, 0)
	if err != nil {
		return -1, err
	}
	limit := unix.NsecToTimeval(int64(settle))
	for _, opt := range []int{unix.SO_RCVTIMEO, unix.SO_SNDTIMEO} {
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, opt, &limit); err != nil {
			unix.Close(fd)
			return -1, fmt.Errorf("setsockopt: %w", err)
		}
	}
	if err := l.spread(fd, fd); err != nil {
		unix.Close(fd)
		return -1, err
	}
	if err := unix.Connect(fd, l.addr); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("connect: %w", err)
	}
	return fd, nil
}

// blocking reads and writes a socket of the set-up.
type blocking int

func (fd blocking) Read(p []byte) (int, error) {
	n, err := unix.Read(int(fd), p)
	if err != nil {
		return 0, explain("read", err)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (fd blocking) Write(p []byte) (int, error) {
	n, err := unix.Write(int(fd), p)
	if err != nil {
		return 0, explain("write", err)
	}
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

func explain(call string, err error) error {
	if errors.Is(err, unix.EAGAIN) {
		return fmt.Errorf("%s: the server did not answer within %v", call, settle)
	}
	return fmt.Errorf("%s: %w", call, err)
}

// dialBatch is the number of connections opened before the first of them must be answered: fewer
// than the server's backlog, which a faster client would overrun and then wait a second for each
// lost SYN.
const dialBatch = 64

// dialAll opens n connections and exchanges one message on each, so that the server has accepted
// them all.
func (l *loop) dialAll(n int, p *protocol, opened func(i int, k link) error) error {
	for first := 0; first < n; first += dialBatch {
		var links []link
		for range min(dialBatch, n-first) {
			fd, err := l.dial()
			if err != nil {
				return err
			}
			k, err := protect(fd, l.work)
			if err != nil {
				return err
			}
			if _, err := k.stream().Write(p.request(false)); err != nil {
				return err
			}
			links = append(links, k)
		}
		for i, k := range links {
			if err := p.prime(k.stream()); err != nil {
				return err
			}
			if err := opened(first+i, k); err != nil {
				return err
			}
		}
	}
	return nil
}

// openIdle opens the silent connections; each has had one message answered. It
// returns a sample of the server taken before.
func openIdle(l *loop, cfg Config) (before proc.Sample, err error) {
	if cfg.Work.IdleConns == 0 {
		return before, nil
	}
	if before, err = proc.Take(cfg.ServerPID); err != nil {
		return before, err
	}
	return before, l.dialAll(cfg.Work.IdleConns, echoProtocol(cfg.Work), func(int, link) error { return nil })
}
