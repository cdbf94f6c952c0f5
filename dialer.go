package uringnet

import (
	"context"
	"net"
	"net/netip"
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
	nc, err := (*net.Dialer)(d).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c, err := newConn(nc, d.hooked())
	if err != nil {
		err = takeOverError("dial", network, nc.LocalAddr(), nc.RemoteAddr(), err)
	}
	return orClose(c, err, nc)
}

// hooked reports whether somebody sees the descriptor before the connection is ours.
func (d *Dialer) hooked() bool { return d.Control != nil || d.ControlContext != nil }

// DialTCP connects to raddr from laddr, which may be the zero AddrPort. See [net.Dialer.DialTCP].
func (d *Dialer) DialTCP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*TCPConn, error) {
	nc, err := (*net.Dialer)(d).DialTCP(ctx, network, laddr, raddr)
	if err != nil {
		return nil, err
	}
	c, err := chooseBackend().tcpConn(nc, d.hooked())
	return orClose(c, err, nc)
}

// DialUnix connects to raddr from laddr, which may be nil. See [net.Dialer.DialUnix].
func (d *Dialer) DialUnix(ctx context.Context, network string, laddr, raddr *net.UnixAddr) (*UnixConn, error) {
	nc, err := (*net.Dialer)(d).DialUnix(ctx, network, laddr, raddr)
	if err != nil {
		return nil, err
	}
	c, err := chooseBackend().unixConn(nc, d.hooked())
	return orClose(c, err, nc)
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
