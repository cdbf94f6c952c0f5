package apitest

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uringnet/uringnet"
	"golang.org/x/sys/unix"
)

// keepAlives are the ways in which a program can set keep-alive.
var keepAlives = []struct {
	name   string
	period time.Duration
	config net.KeepAliveConfig
}{
	{"default", 0, net.KeepAliveConfig{}},
	{"off", -1, net.KeepAliveConfig{}},
	{"period", 40 * time.Second, net.KeepAliveConfig{}},
	{"period rounded", 1500 * time.Millisecond, net.KeepAliveConfig{}},
	{"config", 0, net.KeepAliveConfig{Enable: true, Idle: 7 * time.Second, Interval: 3 * time.Second, Count: 4}},
	{"config beats period", -1, net.KeepAliveConfig{Enable: true, Idle: 7 * time.Second}},
	{"config untouched", 0, net.KeepAliveConfig{Enable: true, Idle: -1, Interval: -1, Count: -1}},
}

// options reads what a program could notice of a socket.
func options(t *testing.T, c syscall.Conn) map[string]int {
	t.Helper()
	raw, err := c.SyscallConn()
	check(t, err)
	got := map[string]int{}
	check(t, raw.Control(func(fd uintptr) {
		for name, o := range map[string][2]int{
			"protocol":  {unix.SOL_SOCKET, unix.SO_PROTOCOL},
			"type":      {unix.SOL_SOCKET, unix.SO_TYPE},
			"nodelay":   {unix.IPPROTO_TCP, unix.TCP_NODELAY},
			"keepalive": {unix.SOL_SOCKET, unix.SO_KEEPALIVE},
			"idle":      {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
			"interval":  {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
			"count":     {unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
			"reuseaddr": {unix.SOL_SOCKET, unix.SO_REUSEADDR},
			"broadcast": {unix.SOL_SOCKET, unix.SO_BROADCAST},
			"v6only":    {unix.IPPROTO_IPV6, unix.IPV6_V6ONLY},
		} {
			v, err := unix.GetsockoptInt(int(fd), o[0], o[1])
			if err != nil {
				v = -int(err.(syscall.Errno))
			}
			got[name] = v
		}
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		check(t, err)
		got["nonblock"] = flags & unix.O_NONBLOCK
		flags, err = unix.FcntlInt(fd, unix.F_GETFD, 0)
		check(t, err)
		got["cloexec"] = flags & unix.FD_CLOEXEC
	}))
	return got
}

// inherited are the options that a listener may hold for the sockets that it accepts, which get
// them from it.
var inherited = []string{"nodelay", "keepalive", "idle", "interval", "count"}

// mustHaveOptions compares a socket of this package with one that package net made in the same way.
func mustHaveOptions(t *testing.T, what string, got, want any, except ...string) {
	t.Helper()
	g, w := options(t, got.(syscall.Conn)), options(t, want.(syscall.Conn))
	for _, name := range except {
		delete(g, name)
		delete(w, name)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("%s (-net +uringnet):\n%s", what, diff)
	}
	if g["nonblock"] == 0 || g["cloexec"] == 0 {
		t.Errorf("%s: O_NONBLOCK or FD_CLOEXEC is missing: %v", what, g)
	}
}

func TestAcceptedOptions(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4", "tcp6", "unix", "unixpacket"} {
		for _, ka := range keepAlives {
			for _, mptcp := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/mptcp=%v", network, ka.name, mptcp), func(t *testing.T) {
					begin(t)
					lc := net.ListenConfig{KeepAlive: ka.period, KeepAliveConfig: ka.config}
					lc.SetMultipathTCP(mptcp)
					plain, err := lc.Listen(t.Context(), network, anyAddress(t, network))
					check(t, err)
					defer plain.Close()
					want, _ := connect(t, plain, onNet)

					ulc := uringnet.ListenConfig(lc)
					l, err := ulc.Listen(t.Context(), network, anyAddress(t, network))
					check(t, err)
					defer l.Close()
					for range 2 { // the first connection may come another way than the others
						got, _ := connect(t, l, onNet)
						mustHaveOptions(t, "an accepted connection", got, want)
					}
					mustHaveOptions(t, "the listener", l, plain, inherited...)
					other, err := lc.Listen(t.Context(), network, anyAddress(t, network))
					check(t, err)
					early, err := onNet.dial(network, other.Addr().String())
					check(t, err)
					defer early.Close()
					taken, err := uringnet.NewListener(other)
					check(t, err)
					defer taken.Close()
					for range 2 { // the first one was there before the listener was ours
						got, _ := connect(t, taken, onNet)
						mustHaveOptions(t, "a connection of a listener that was taken over", got, want)
					}
				})
			}
		}
	}
}

// TestDefaultOptions names the values, so that both packages being wrong together is noticed.
func TestDefaultOptions(t *testing.T) {
	begin(t)
	a, d := tcpPair(t)
	for what, c := range map[string]syscall.Conn{"accepted": a, "dialed": d} {
		all, got := options(t, c), map[string]int{}
		want := map[string]int{"nodelay": 1, "keepalive": 1, "idle": 15, "interval": 15, "count": 9}
		for name := range want {
			got[name] = all[name]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func TestDialedOptions(t *testing.T) {
	for _, ka := range keepAlives {
		for _, mptcp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/mptcp=%v", ka.name, mptcp), func(t *testing.T) {
				begin(t)
				l := listen(t, onNet, "tcp")
				nd := net.Dialer{KeepAlive: ka.period, KeepAliveConfig: ka.config}
				nd.SetMultipathTCP(mptcp)
				ud := uringnet.Dialer(nd)
				var conns [2]net.Conn
				for i, dial := range []func(context.Context, string, string) (net.Conn, error){nd.DialContext, ud.DialContext} {
					c, err := dial(t.Context(), "tcp", l.Addr().String())
					check(t, err)
					defer c.Close()
					conns[i] = c
				}
				mustHaveOptions(t, "a dialed connection", conns[1], conns[0])
			})
		}
	}
}

// TestSetOptions changes options later, which the two packages must agree on as well.
func TestSetOptions(t *testing.T) {
	begin(t)
	type settable interface {
		syscall.Conn
		SetKeepAlive(bool) error
		SetKeepAlivePeriod(time.Duration) error
		SetKeepAliveConfig(net.KeepAliveConfig) error
		SetNoDelay(bool) error
		SetLinger(int) error
	}
	ours, _ := connect(t, listen(t, onRing, "tcp"), onNet)
	theirs, _ := connect(t, listen(t, onNet, "tcp"), onNet)
	for name, set := range map[string]func(c settable) error{
		"SetNoDelay":         func(c settable) error { return c.SetNoDelay(false) },
		"SetKeepAlive":       func(c settable) error { return c.SetKeepAlive(false) },
		"SetKeepAlivePeriod": func(c settable) error { return c.SetKeepAlivePeriod(2500 * time.Millisecond) },
		"SetKeepAliveConfig": func(c settable) error {
			return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: 2 * time.Second, Count: 3})
		},
		"SetLinger": func(c settable) error { return c.SetLinger(3) },
	} {
		check(t, set(ours.(settable)))
		check(t, set(theirs.(settable)))
		mustHaveOptions(t, "after "+name+" the connection", ours, theirs)
	}
	var got [2]*unix.Linger
	for i, c := range []stream{ours, theirs} {
		raw, err := c.SyscallConn()
		check(t, err)
		check(t, raw.Control(func(fd uintptr) {
			got[i], err = unix.GetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER)
		}))
		check(t, err)
	}
	if diff := cmp.Diff(got[1], got[0]); diff != "" || got[0].Linger != 3 {
		t.Errorf("linger is %d s, want 3 (-net +uringnet):\n%s", got[0].Linger, diff)
	}
}
