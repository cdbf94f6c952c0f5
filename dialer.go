package uringnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Dialer connects to an address. It has the fields of [net.Dialer] and converts to and from it.
// Name resolution, Happy Eyeballs, deadlines and the Control hooks are package net's own.
type Dialer net.Dialer

// MultipathTCP reports whether MPTCP will be used. See [net.Dialer.MultipathTCP].
func (d *Dialer) MultipathTCP() bool { return (*net.Dialer)(d).MultipathTCP() }

// SetMultipathTCP sets whether MPTCP will be used. See [net.Dialer.SetMultipathTCP].
func (d *Dialer) SetMultipathTCP(use bool) { (*net.Dialer)(d).SetMultipathTCP(use) }

// Dial connects to the address. See [net.Dialer.Dial].
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext connects to the address. On "tcp", "tcp4", "tcp6" the connection is a [*TCPConn], on
// "unix" and "unixpacket" a [*UnixConn]; other networks are package net's. The end of ctx makes it
// return, with net's errors; once connected, ctx no longer matters. See [net.Dialer.DialContext].
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if !isTCP(network) && !isUnixStream(network) {
		return (*net.Dialer)(d).DialContext(ctx, network, address)
	}
	c, err := (*net.Dialer)(d).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	u, err := newConn(c)
	if err != nil {
		return nil, takeOverError("dial", network, c.LocalAddr(), c.RemoteAddr(), err)
	}
	d.dialed(u)
	return u, nil
}

// dialed takes note of c, if it is one: without a hook nobody else has had its descriptor.
func (d *Dialer) dialed(c any) {
	if d.Control == nil && d.ControlContext == nil {
		own(c)
	}
}

// DialTCP connects to raddr from laddr, which may be the zero AddrPort. See [net.Dialer.DialTCP].
func (d *Dialer) DialTCP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*TCPConn, error) {
	c, err := connAs[*TCPConn]((*net.Dialer)(d).DialTCP(ctx, network, laddr, raddr))
	d.dialed(c)
	return c, err
}

// DialUnix connects to raddr from laddr, which may be nil. See [net.Dialer.DialUnix].
func (d *Dialer) DialUnix(ctx context.Context, network string, laddr, raddr *net.UnixAddr) (*UnixConn, error) {
	c, err := connAs[*UnixConn]((*net.Dialer)(d).DialUnix(ctx, network, laddr, raddr))
	d.dialed(c)
	return c, err
}

// DialUDP is [net.Dialer.DialUDP]: packet sockets stay package net's.
func (d *Dialer) DialUDP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*net.UDPConn, error) {
	return (*net.Dialer)(d).DialUDP(ctx, network, laddr, raddr)
}

// DialIP is [net.Dialer.DialIP]: packet sockets stay package net's.
func (d *Dialer) DialIP(ctx context.Context, network string, laddr, raddr netip.Addr) (*net.IPConn, error) {
	return (*net.Dialer)(d).DialIP(ctx, network, laddr, raddr)
}

// Dial is [net.Dial] with a socket of this package; see [Dialer.DialContext].
func Dial(network, address string) (net.Conn, error) {
	var d Dialer
	return d.Dial(network, address)
}

// DialTimeout is [net.DialTimeout] with a socket of this package. The timeout includes name
// resolution.
func DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	d := Dialer{Timeout: timeout}
	return d.Dial(network, address)
}

// DialContext is Dial with a context; see [Dialer.DialContext].
func DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var d Dialer
	return d.DialContext(ctx, network, address)
}

// FileConn is [net.FileConn] with a socket of this package, for a connection inherited from another
// process. The caller closes f.
func FileConn(f *os.File) (net.Conn, error) {
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
		return newConn(c)
	}
	return c, nil
}

// NewConn takes over c, a [*net.TCPConn] or a [*net.UnixConn] from anywhere, and closes it: use the
// connection that is returned. A connection of this package is returned as it is. Taking over a
// connection that is closed or was taken over before fails with net.ErrClosed; any other type is an
// error. When NewConn fails, c is left as it was. No Read or Write of c may be in progress.
func NewConn(c net.Conn) (net.Conn, error) {
	switch nc := c.(type) {
	case *TCPConn:
		if nc.ok() {
			return nc, nil
		}
	case *UnixConn:
		if nc.ok() {
			return nc, nil
		}
	case *net.TCPConn:
		if nc != nil {
			return takeOverTCPConn(nc)
		}
	case *net.UnixConn:
		if nc != nil && nc.LocalAddr() != nil {
			return takeOverUnixConn(nc)
		}
	default:
		return nil, fmt.Errorf("uringnet: cannot take over a %T: pass a *net.TCPConn or a *net.UnixConn", c)
	}
	return nil, syscall.EINVAL
}

// takeOverError is what package net returns where a system call fails that makes a socket.
func takeOverError(op, network string, source, addr net.Addr, err error) error {
	if _, ok := err.(*os.SyscallError); !ok {
		return err
	}
	return &net.OpError{Op: op, Net: network, Source: source, Addr: addr, Err: err}
}

// newConn is NewConn for a connection that nobody else knows: it is closed if it cannot be taken
// over.
func newConn(c net.Conn) (net.Conn, error) {
	u, err := NewConn(c)
	if err != nil {
		c.Close()
		return nil, err
	}
	return u, nil
}

func connAs[C, N net.Conn](c N, err error) (C, error) {
	var none C
	if err != nil {
		return none, err
	}
	u, err := newConn(c)
	if err != nil {
		return none, err
	}
	return u.(C), nil
}
