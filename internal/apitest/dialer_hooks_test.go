package apitest

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uringnet/uringnet"
)

// hookCalls records how the Control hooks of a dial or a listen are called.
type hookCalls []string

func (h *hookCalls) control(t *testing.T, fail error) func(network, address string, c syscall.RawConn) error {
	return func(network, address string, c syscall.RawConn) error {
		*h = append(*h, network+" "+address)
		usable := false
		if err := c.Control(func(fd uintptr) { usable = fd > 2 }); err != nil || !usable {
			t.Errorf("Control of the socket in the hook: %v, usable: %v", err, usable)
		}
		return fail
	}
}

// TestDialControl compares calls and outcome with package net's.
func TestDialControl(t *testing.T) {
	boom := errors.New("boom")
	for _, network := range []string{"tcp", "tcp4", "unix", "unixpacket"} {
		for _, fail := range []error{nil, boom} {
			for _, withContext := range []bool{false, true} {
				t.Run(network, func(t *testing.T) {
					begin(t)
					l := listen(t, onRing, network)
					var calls [2]hookCalls
					var errs [2]error
					for i := range calls {
						var d net.Dialer
						control := calls[i].control(t, fail)
						if withContext { // it beats the other one
							d.Control = func(string, string, syscall.RawConn) error { return errors.New("wrong hook") }
							d.ControlContext = func(_ context.Context, network, address string, c syscall.RawConn) error {
								return control(network, address, c)
							}
						} else {
							d.Control = control
						}
						dial := d.DialContext
						if i == 1 {
							ud := uringnet.Dialer(d)
							dial = ud.DialContext
						}
						c, err := dial(t.Context(), network, l.Addr().String())
						if err == nil {
							c.Close()
						}
						errs[i] = err
					}
					if diff := cmp.Diff(calls[0], calls[1]); diff != "" || len(calls[1]) != 1 {
						t.Errorf("%d calls of the hook, want 1 (-net +uringnet):\n%s", len(calls[1]), diff)
					}
					mustBeLike(t, "dial", errs[1], errs[0])
					if !errors.Is(errs[1], fail) {
						t.Errorf("dial = %v, want %v", errs[1], fail)
					}
				})
			}
		}
	}
}

func TestListenControl(t *testing.T) {
	begin(t)
	boom := errors.New("boom")
	for _, fail := range []error{nil, boom} {
		var calls [2]hookCalls
		var errs [2]error
		for i := range calls {
			lc := net.ListenConfig{Control: calls[i].control(t, fail)}
			listen := lc.Listen
			if i == 1 {
				ulc := uringnet.ListenConfig(lc)
				listen = ulc.Listen
			}
			l, err := listen(t.Context(), "tcp", "127.0.0.1:0")
			if err == nil {
				l.Close()
			}
			errs[i] = err
		}
		// With Multipath TCP, package net tries twice.
		if diff := cmp.Diff(calls[0], calls[1]); diff != "" || len(calls[1]) == 0 {
			t.Errorf("%d calls of the hook (-net +uringnet):\n%s", len(calls[1]), diff)
		}
		mustBeLike(t, "listen", errs[1], errs[0])
		if !errors.Is(errs[1], fail) {
			t.Errorf("Listen = %v, want %v", errs[1], fail)
		}
	}
}

// TestResolver: names go through the dialer's own resolver.
func TestResolver(t *testing.T) {
	begin(t)
	boom := errors.New("no name server")
	var asked atomic.Bool // the resolver asks for both families at once
	d := net.Dialer{Resolver: &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			asked.Store(true)
			return nil, boom
		},
	}}
	err := dialBoth(t, d, t.Context(), "tcp", "name.invalid:80")
	var dns *net.DNSError
	if !errors.As(err, &dns) || !asked.Load() {
		t.Errorf("%v, resolver asked: %v", err, asked.Load())
	}
}
