//go:build linux

package socket

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// SetReadBuffer sets SO_RCVBUF, in bytes.
func (c *Conn) SetReadBuffer(bytes int) error { return c.setBuffer(unix.SO_RCVBUF, bytes) }

// SetWriteBuffer sets SO_SNDBUF, in bytes.
func (c *Conn) SetWriteBuffer(bytes int) error { return c.setBuffer(unix.SO_SNDBUF, bytes) }

func (c *Conn) setBuffer(option, bytes int) error {
	return c.setOption(func(fd int) error {
		return unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, bytes)
	})
}

// SetLinger sets SO_LINGER, in seconds; negative means off.
func (c *Conn) SetLinger(sec int) error {
	l := unix.Linger{}
	if sec >= 0 {
		c.lingers.Store(true)
		l = unix.Linger{Onoff: 1, Linger: int32(sec)}
	}
	return c.setOption(func(fd int) error {
		return unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &l)
	})
}

// SetNoDelay sets TCP_NODELAY.
func (c *Conn) SetNoDelay(noDelay bool) error {
	return c.setOption(func(fd int) error { return setNoDelay(fd, noDelay) })
}

// SetKeepAlive sets SO_KEEPALIVE.
func (c *Conn) SetKeepAlive(keepalive bool) error {
	return c.setOption(func(fd int) error { return setKeepAlive(fd, keepalive) })
}

// SetKeepAlivePeriod sets TCP_KEEPIDLE, rounded up to seconds.
func (c *Conn) SetKeepAlivePeriod(d time.Duration) error {
	return c.setOption(func(fd int) error { return setKeepAliveIdle(fd, d) })
}

// SetKeepAliveConfig sets all keep-alive options.
func (c *Conn) SetKeepAliveConfig(config net.KeepAliveConfig) error {
	return c.setOption(func(fd int) error { return setKeepAliveConfig(fd, config) })
}

func (c *Conn) setOption(set func(fd int) error) error {
	return c.guard.with(c.fd, "setsockopt", set)
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
