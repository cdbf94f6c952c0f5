package apitest

import (
	"net"
	"testing"

	"github.com/uringnet/uringnet"
)

// TestAddrs compares both ends' view of a connection, in the types that net has for it.
func TestAddrs(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4", "tcp6", "unix", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			a, d := pair(t, network)
			for _, c := range []net.Conn{a, d} {
				for _, addr := range []net.Addr{c.LocalAddr(), c.RemoteAddr()} {
					if network[0] == 't' {
						mustHaveType(t, addr, &net.TCPAddr{})
					} else {
						mustHaveType(t, addr, &net.UnixAddr{})
					}
				}
			}
			if a.LocalAddr().String() != d.RemoteAddr().String() || a.RemoteAddr().String() != d.LocalAddr().String() {
				t.Errorf("accepted %v<-%v, dialed %v->%v", a.LocalAddr(), a.RemoteAddr(), d.LocalAddr(), d.RemoteAddr())
			}
			na, nd := connect(t, listen(t, onNet, network), onNet)
			for what, pair := range map[string][2]net.Addr{
				"accepted local":  {a.LocalAddr(), na.LocalAddr()},
				"accepted remote": {a.RemoteAddr(), na.RemoteAddr()},
				"dialed local":    {d.LocalAddr(), nd.LocalAddr()},
				"dialed remote":   {d.RemoteAddr(), nd.RemoteAddr()},
			} {
				if got, want := pair[0].Network(), pair[1].Network(); got != want {
					t.Errorf("%s: network %q, package net's %q", what, got, want)
				}
				if got, want := pair[0].String() == "", pair[1].String() == ""; got != want {
					t.Errorf("%s: %q, package net's %q", what, pair[0], pair[1])
				}
			}
		})
	}
}

// TestAddrsAfterReset asks for the addresses when the peer is gone: before the connection was
// accepted, and after that. Linux does not name a peer any more then; whoever asks late must know
// it already.
func TestAddrsAfterReset(t *testing.T) {
	for _, network := range []string{"tcp4", "tcp6"} {
		for _, when := range []string{"before accept", "after accept"} {
			t.Run(network+"/"+when, func(t *testing.T) {
				begin(t)
				l := listen(t, onRing, network)
				connect(t, l, onNet) // what Accept arms is armed
				d, err := onNet.dial(network, l.Addr().String())
				check(t, err)
				reset := func() {
					check(t, d.(*net.TCPConn).SetLinger(0))
					check(t, d.Close())
				}
				if when == "before accept" {
					awaitBacklog(t, l)
					reset()
				}
				a, err := l.Accept()
				check(t, err)
				defer a.Close()
				if when == "after accept" {
					reset()
				}
				if _, err := a.Read(make([]byte, 1)); err == nil {
					t.Error("Read of a connection that was reset succeeds")
				}
				mustHaveAddr(t, "RemoteAddr", a.RemoteAddr(), d.LocalAddr())
				mustHaveAddr(t, "LocalAddr", a.LocalAddr(), d.RemoteAddr())
			})
		}
	}
}

// TestAddrsAfterPeerClosed is the same for an orderly end, and after our own.
func TestAddrsAfterPeerClosed(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	d, err := onNet.dial("tcp", l.Addr().String())
	check(t, err)
	check(t, d.Close())
	a, err := l.Accept()
	check(t, err)
	mustEOF(t, a)
	check(t, a.Close())
	mustHaveAddr(t, "RemoteAddr", a.RemoteAddr(), d.LocalAddr())
	mustHaveAddr(t, "LocalAddr", a.LocalAddr(), d.RemoteAddr())
	addr := l.Addr().String()
	check(t, l.Close())
	if l.Addr().String() != addr {
		t.Errorf("Addr of a closed listener is %v, was %v", l.Addr(), addr)
	}
}

func mustHaveAddr(t *testing.T, what string, got, want net.Addr) {
	t.Helper()
	if got == nil || got.String() != want.String() || got.Network() != want.Network() {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// TestAddrIsStable: programs keep the address and compare it later.
func TestAddrIsStable(t *testing.T) {
	eachConn(t, func(t *testing.T, c, _ stream) {
		if c.LocalAddr() != c.LocalAddr() || c.RemoteAddr() != c.RemoteAddr() {
			t.Error("two calls return two addresses")
		}
	})
}

// TestTakenOverConnKeepsAddrs holds for connections that package net made.
func TestTakenOverConnKeepsAddrs(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			a, d := connect(t, listen(t, onNet, network), onNet)
			for _, c := range []net.Conn{a, d} {
				local, remote := c.LocalAddr(), c.RemoteAddr()
				u, err := uringnet.NewConn(c)
				check(t, err)
				defer u.Close()
				mustHaveAddr(t, "LocalAddr", u.LocalAddr(), local)
				mustHaveAddr(t, "RemoteAddr", u.RemoteAddr(), remote)
			}
		})
	}
}
