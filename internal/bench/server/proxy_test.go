//go:build linux

package server

import (
	"net"
	"testing"

	"github.com/uringnet/uringnet"
)

func TestProxyDialsByItsOwnKind(t *testing.T) {
	ln, err := net.Listen("tcp", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, kind := range []string{Net, Whole, Uringnet} {
		dial, err := dialer(kind)
		if err != nil {
			t.Fatal(err)
		}
		c, err := dial(t.Context(), "tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, isOurs := c.(*uringnet.TCPConn); isOurs != (kind == Uringnet) {
			t.Errorf("the proxy on %s dials a %T", kind, c)
		}
	}
	if _, err := dialer(Epoll); err == nil {
		t.Error("the epoll loop can dial")
	}
}
