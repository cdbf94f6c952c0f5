package apitest

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/net/nettest"
)

// TestNettest runs the conformance suite of x/net on each mixture of the two packages: a fault that
// both ends share shows only against package net, and one of the handshake between the ends only
// where both are ours.
func TestNettest(t *testing.T) {
	for _, m := range []struct {
		name         string
		listen, dial maker
	}{
		{"both", onRing, onRing},
		{"listener", onRing, onNet},
		{"dialer", onNet, onRing},
	} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(m.name+"/"+network, func(t *testing.T) {
				begin(t)
				nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
					return pipe(network, m.listen, m.dial)
				})
			})
		}
	}
}

// pipe is a nettest.MakePipe.
func pipe(network string, lm, dm maker) (c1, c2 net.Conn, stop func(), err error) {
	address := "127.0.0.1:0"
	dir := ""
	if network == "unix" {
		if dir, err = os.MkdirTemp("", "u"); err != nil {
			return nil, nil, nil, err
		}
		address = filepath.Join(dir, "s")
	}
	l, err := lm.listen(network, address)
	if err != nil {
		return nil, nil, nil, err
	}
	defer l.Close()
	if c1, err = dm.dial(network, l.Addr().String()); err != nil {
		return nil, nil, nil, err
	}
	if c2, err = l.Accept(); err != nil {
		c1.Close()
		return nil, nil, nil, err
	}
	return c1, c2, func() {
		c1.Close()
		c2.Close()
		if dir != "" {
			os.RemoveAll(dir)
		}
	}, nil
}
