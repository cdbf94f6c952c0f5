package apitest

import (
	"context"
	"errors"
	"net"
	"runtime"
	"testing"

	"github.com/uringnet/uringnet"
)

// TestCloseListenerManyTimes closes listeners with an Accept in flight and takes the address again
// at once.
func TestCloseListenerManyTimes(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			l := listen(t, onRing, network)
			address := l.Addr().String()
			for i := range size(5000, 500) {
				accepted := make(chan error, 1)
				go func() {
					c, err := l.Accept()
					if err == nil {
						c.Close()
					}
					accepted <- err
				}()
				if i%2 == 0 {
					runtime.Gosched()
				}
				var c net.Conn
				if i%4 == 0 { // it may be accepted or not: either way nothing of it is left
					var err error
					c, err = onNet.dial(network, address)
					check(t, err)
				}
				check(t, l.Close())
				if err := <-accepted; err != nil {
					mustBeClosed(t, "Accept", err)
				}
				var err error
				if l, err = onRing.listen(network, address); err != nil {
					t.Fatalf("listener %d: %v", i, err)
				}
				if c != nil {
					check(t, c.Close())
				}
			}
			check(t, l.Close())
		})
	}
}

// TestCloseListenerWithBacklog: connections that nobody accepted end with the listener, wherever
// they were kept.
func TestCloseListenerWithBacklog(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			l := listen(t, onRing, network)
			a, _ := connect(t, l, onNet) // Accept has run: whatever it armed is armed
			var waiting []net.Conn
			for range 20 {
				c, err := onNet.dial(network, l.Addr().String())
				check(t, err)
				defer c.Close()
				waiting = append(waiting, c)
			}
			check(t, l.Close())
			for _, c := range waiting {
				if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
					t.Errorf("Read = %d, %v", n, err)
				}
			}
			mustWrite(t, a, "accepted connections stay") // no reader needed
		})
	}
}

// TestCloseWhileDialing breaks off dials at any point of their way: by their context, and by the
// end of the listener.
func TestCloseWhileDialing(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	address := l.Addr().String()
	acceptAll(l)
	for i := range size(10_000, 1000) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			c, err := uringnet.DialContext(ctx, "tcp", address)
			if err == nil {
				// The context ends with the dial: it means nothing to the connection.
				_, err = c.Write([]byte("x"))
				c.Close()
			}
			done <- err
		}()
		if i%2 == 0 {
			runtime.Gosched()
		}
		for range i % 50 * 20 {
			spin()
		}
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

// TestCloseListenerWhileDialing closes the listener under dials: they are refused, reset or
// succeed.
func TestCloseListenerWhileDialing(t *testing.T) {
	begin(t)
	for range size(1000, 100) {
		l := listen(t, onRing, "tcp")
		const dials = 4
		done := make(chan error, dials)
		for range dials {
			go func() {
				c, err := onRing.dial("tcp", l.Addr().String())
				if err == nil {
					c.Close()
				}
				done <- err
			}()
		}
		runtime.Gosched()
		check(t, l.Close())
		for range dials {
			var op *net.OpError
			if err := <-done; err != nil && (!errors.As(err, &op) || op.Op != "dial") {
				t.Fatal(err)
			}
		}
	}
}

// acceptAll accepts and drops connections until the listener is closed.
func acceptAll(l net.Listener) {
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
}
