package differential

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// The planted bugs: each wrapper is package net's connection with one mistake of the kind that a
// replacement of net makes. They show that the tester finds them.

// wrappedEOF forgets that programs compare by ==: err == io.EOF.
type wrappedEOF struct{ *net.TCPConn }

func (c wrappedEOF) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if err == io.EOF {
		err = fmt.Errorf("read: %w", err)
	}
	return n, err
}

// lateDeadline is off by one step: a read deadline comes into force when the next one is set.
type lateDeadline struct {
	*net.TCPConn
	next time.Time
}

func (c *lateDeadline) SetReadDeadline(t time.Time) error {
	t, c.next = c.next, t
	return c.TCPConn.SetReadDeadline(t)
}

// stickyTimeout keeps an expired deadline after it was cleared.
type stickyTimeout struct {
	*net.TCPConn
	expired bool
}

func (c *stickyTimeout) SetReadDeadline(t time.Time) error {
	if c.expired && t.IsZero() {
		return nil
	}
	c.expired = !t.IsZero() && t.Before(time.Now())
	return c.TCPConn.SetReadDeadline(t)
}

// lostByte drops a byte where a read of 4096 bytes is filled to the last one.
type lostByte struct{ *net.TCPConn }

func (c lostByte) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n == 4096 {
		p[n-1] = 0
	}
	return n, err
}

// sendName gives operations the names of the system calls that uringnet makes, not those of net.
type sendName struct{ *net.TCPConn }

func (c sendName) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	if op, ok := err.(*net.OpError); ok {
		op.Op = "send"
	}
	return n, err
}

// flawless changes nothing: the tester must not object to a wrapper as such.
type flawless struct{ *net.TCPConn }

// plant returns the world of net with all TCP connections wrapped.
func plant(name string, wrap func(*net.TCPConn) net.Conn) World {
	apply := func(c net.Conn, err error) (net.Conn, error) {
		if tc, ok := c.(*net.TCPConn); ok && err == nil {
			return wrap(tc), nil
		}
		return c, err
	}
	w := Net()
	return World{
		Name: name,
		Listen: func(network, address string) (net.Listener, error) {
			l, err := w.Listen(network, address)
			if tl, ok := l.(*net.TCPListener); ok && err == nil {
				return plantedListener{tl, apply}, nil
			}
			return l, err
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return apply(w.Dial(ctx, network, address))
		},
	}
}

type plantedListener struct {
	*net.TCPListener
	wrap func(net.Conn, error) (net.Conn, error)
}

func (l plantedListener) Accept() (net.Conn, error) { return l.wrap(l.TCPListener.Accept()) }

func TestFindsPlantedBugs(t *testing.T) {
	const enough = 3000 // scripts: a tenth of a minute's work
	bugs := map[string]func(*net.TCPConn) net.Conn{
		"EOF wrapped":                  func(c *net.TCPConn) net.Conn { return wrappedEOF{c} },
		"deadline late by one step":    func(c *net.TCPConn) net.Conn { return &lateDeadline{TCPConn: c} },
		"expired deadline not cleared": func(c *net.TCPConn) net.Conn { return &stickyTimeout{TCPConn: c} },
		"byte lost at a buffer's end":  func(c *net.TCPConn) net.Conn { return lostByte{c} },
		"wrong name in the error":      func(c *net.TCPConn) net.Conn { return sendName{c} },
	}
	defer func(d time.Duration) { stuckAfter = d }(stuckAfter)
	stuckAfter = time.Second // a late deadline makes scripts hang, which is a way to find it
	gen := scripts()
	for name, wrap := range bugs {
		t.Run(name, func(t *testing.T) {
			buggy := plant(name, wrap)
			differs := func(s Script) bool { return Compare(Net(), buggy, s) != "" }
			for seed := range enough {
				s := gen.Example(seed)
				if !differs(s) {
					continue
				}
				small := Minimise(s, differs)
				t.Logf("found by script %d of %d steps, minimised:\n%s", seed, len(s.Steps), Compare(Net(), buggy, small))
				if len(small.Steps) > 5 {
					t.Errorf("the script was not shrunk to a small one: %d steps", len(small.Steps))
				}
				return
			}
			t.Errorf("not found by %d scripts", enough)
		})
	}
}

func TestAcceptsFlawlessWrapper(t *testing.T) {
	world := plant("wrapped", func(c *net.TCPConn) net.Conn { return flawless{c} })
	gen := scripts()
	for seed := range 300 {
		if diff := Compare(Net(), world, gen.Example(seed)); diff != "" {
			t.Fatal(diff)
		}
	}
}
