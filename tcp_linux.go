package uringnet

import (
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ringTCP is a TCP connection of ours, as against package net's.
type ringTCP struct{ socket }

var _ tcpSocket = (*ringTCP)(nil)

// newTCP makes a connection of a connected socket and owns fd from then on.
func newTCP(fd int, network string) (*TCPConn, *ringTCP) {
	s := new(ringTCP)
	s.init(fd, network)
	c := &TCPConn{s: s}
	closeUnreachable(c, &s.guard, &s.socket)
	return c, s
}

func newRingTCPConn(nc *net.TCPConn) (net.Conn, error) {
	fd, err := takeOver(nc)
	if err != nil {
		return nil, err
	}
	c, s := newTCP(fd, networkOf(nc))
	s.foreign = true
	s.mayLinger.Store(true)
	s.addrs.set(nc.LocalAddr(), nc.RemoteAddr())
	return c, nil
}

// SyscallConn is that of net.TCPConn.
func (c *ringTCP) SyscallConn() (syscall.RawConn, error) { return c.rawAccess(), nil }

// SetReadBuffer and SetWriteBuffer are those of net.TCPConn.
func (s *socket) SetReadBuffer(bytes int) error  { return s.setBuffer(unix.SO_RCVBUF, bytes) }
func (s *socket) SetWriteBuffer(bytes int) error { return s.setBuffer(unix.SO_SNDBUF, bytes) }

func (s *socket) setBuffer(option, bytes int) error {
	err := s.control("setsockopt", func(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, bytes) })
	if err != nil {
		return s.setError(err)
	}
	return nil
}

// SetLinger is that of net.TCPConn.
func (c *ringTCP) SetLinger(sec int) error {
	l := unix.Linger{}
	if sec >= 0 {
		c.mayLinger.Store(true)
		l = unix.Linger{Onoff: 1, Linger: int32(sec)}
	}
	return c.setOption(func(fd int) error { return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &l) })
}

// SetNoDelay is that of net.TCPConn.
func (c *ringTCP) SetNoDelay(noDelay bool) error {
	return c.setOption(func(fd int) error { return setNoDelay(fd, noDelay) })
}

// SetKeepAlive is that of net.TCPConn.
func (c *ringTCP) SetKeepAlive(keepalive bool) error {
	return c.setOption(func(fd int) error { return setKeepAlive(fd, keepalive) })
}

// SetKeepAlivePeriod is that of net.TCPConn.
func (c *ringTCP) SetKeepAlivePeriod(d time.Duration) error {
	return c.setOption(func(fd int) error { return setKeepAliveIdle(fd, d) })
}

// SetKeepAliveConfig is that of net.TCPConn.
func (c *ringTCP) SetKeepAliveConfig(config net.KeepAliveConfig) error {
	return c.setOption(func(fd int) error { return setKeepAliveConfig(fd, config) })
}

func (c *ringTCP) setOption(set func(fd int) error) error {
	if err := c.control("setsockopt", set); err != nil {
		return c.opError("set", err)
	}
	return nil
}

// MultipathTCP is that of net.TCPConn: SO_PROTOCOL tells whether the socket was made for MPTCP, and
// MPTCP_INFO (Linux 5.16) whether it has fallen back.
func (c *ringTCP) MultipathTCP() (bool, error) {
	const solMPTCP, mptcpInfo = 284, 1
	used := false
	c.control("getsockopt", func(fd int) error {
		proto, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
		if err != nil || proto != unix.IPPROTO_MPTCP {
			return err
		}
		_, err = unix.GetsockoptInt(fd, solMPTCP, mptcpInfo)
		used = err != unix.EOPNOTSUPP && err != unix.ENOPROTOOPT
		return nil
	})
	return used, nil
}

// Defaults of package net for keep-alive.
const (
	defaultKeepAliveIdle     = 15 * time.Second
	defaultKeepAliveInterval = 15 * time.Second
	defaultKeepAliveCount    = 9
)

func setNoDelay(fd int, on bool) error {
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, boolInt(on))
}

func setKeepAlive(fd int, on bool) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, boolInt(on))
}

func setKeepAliveIdle(fd int, d time.Duration) error {
	return setSeconds(fd, unix.TCP_KEEPIDLE, d, defaultKeepAliveIdle)
}

// setSeconds sets an option that counts in seconds, rounded up: zero means the default, negative
// leaves it.
func setSeconds(fd, option int, d, byDefault time.Duration) error {
	if d == 0 {
		d = byDefault
	}
	if d < 0 {
		return nil
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, option, int((d+time.Second-1)/time.Second))
}

func setKeepAliveConfig(fd int, config net.KeepAliveConfig) error {
	if err := setKeepAlive(fd, config.Enable); err != nil {
		return err
	}
	if err := setKeepAliveIdle(fd, config.Idle); err != nil {
		return err
	}
	if err := setSeconds(fd, unix.TCP_KEEPINTVL, config.Interval, defaultKeepAliveInterval); err != nil {
		return err
	}
	count := config.Count
	if count == 0 {
		count = defaultKeepAliveCount
	}
	if count < 0 {
		return nil
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, count)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// takeOver duplicates the file descriptor of a socket of package net and closes the original, which
// leaves the runtime's poller by that.
func takeOver(c interface {
	syscall.Conn
	Close() error
}) (fd int, err error) {
	rc, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	var dupErr error
	if err := rc.Control(func(orig uintptr) { fd, dupErr = dupCloseOnExec(int(orig)) }); err != nil {
		return -1, err
	}
	if dupErr != nil {
		return -1, dupErr
	}
	if err := c.Close(); err != nil {
		// Somebody else closed it meanwhile, and so took it over first.
		os.NewFile(uintptr(fd), "").Close()
		return -1, err
	}
	return fd, nil
}
