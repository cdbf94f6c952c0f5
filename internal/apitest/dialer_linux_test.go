package apitest

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
	"golang.org/x/sys/unix"
)

// deafAddress is one at which connections neither succeed nor fail: a listener whose queue is full,
// so that Linux drops what comes.
func deafAddress(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	check(t, unix.Listen(fd, 0))
	sa, err := unix.Getsockname(fd)
	check(t, err)
	address := netip4(sa)
	for range 10 { // one is enough today
		d := net.Dialer{Timeout: 20 * time.Millisecond}
		c, err := d.Dial("tcp", address)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the listener's queue does not fill up")
	return ""
}

func netip4(sa unix.Sockaddr) string {
	in := sa.(*unix.SockaddrInet4)
	return (&net.TCPAddr{IP: in.Addr[:], Port: in.Port}).String()
}

// TestDialTimeout says how long in each way. Package net's error then is one of two types,
// whichever of its timers is first; the text is the same, and so is what programs ask of it.
func TestDialTimeout(t *testing.T) {
	begin(t)
	deaf := deafAddress(t)
	const brief = 5 * time.Millisecond
	for name, dial := range map[string]func() (net.Conn, error){
		"Timeout": func() (net.Conn, error) { return (&uringnet.Dialer{Timeout: brief}).Dial("tcp", deaf) },
		"Deadline": func() (net.Conn, error) {
			return (&uringnet.Dialer{Deadline: time.Now().Add(brief)}).Dial("tcp", deaf)
		},
		"DialTimeout": func() (net.Conn, error) { return uringnet.DialTimeout("tcp", deaf, brief) },
		"context": func() (net.Conn, error) {
			ctx, cancel := context.WithTimeout(t.Context(), brief)
			defer cancel()
			return uringnet.DialContext(ctx, "tcp", deaf)
		},
		"package net": func() (net.Conn, error) { return net.DialTimeout("tcp", deaf, brief) },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := dial()
			var op *net.OpError
			if c != nil || !errors.As(err, &op) || !op.Timeout() || op.Source != nil ||
				err.Error() != "dial tcp "+deaf+": i/o timeout" {
				t.Errorf("dial = %v, %v", c, err)
			}
			if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%v is neither package's ErrDeadlineExceeded", err)
			}
		})
	}
}

// TestDialCancel breaks off dials that are in the kernel.
func TestDialCancel(t *testing.T) {
	begin(t)
	deaf := deafAddress(t)
	for range size(300, 50) {
		ctx, cancel := context.WithCancel(t.Context())
		blocked := parked(t, func() error {
			_, err := uringnet.DialContext(ctx, "tcp", deaf)
			return err
		})
		cancel()
		err := <-blocked
		var op *net.OpError
		if !errors.Is(err, context.Canceled) || !errors.As(err, &op) || op.Op != "dial" {
			t.Fatalf("dial = %v", err)
		}
	}
	cause := errors.New("the cause")
	var errs [2]error
	for i, dial := range []func(context.Context, string, string) (net.Conn, error){
		uringnet.DialContext, new(net.Dialer).DialContext,
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		blocked := parked(t, func() error {
			_, err := dial(ctx, "tcp", deaf)
			return err
		})
		cancel(cause)
		errs[i] = <-blocked
	}
	mustBeLike(t, "dial that is cancelled", errs[0], errs[1])
}

// TestDialInFlightTogether has many dials wait at once, and go at once.
func TestDialInFlightTogether(t *testing.T) {
	begin(t)
	deaf := deafAddress(t)
	ctx, cancel := context.WithCancel(t.Context())
	n := size(500, 100)
	errs := make(chan error, n)
	for range n {
		go func() {
			_, err := uringnet.DialContext(ctx, "tcp", deaf)
			errs <- err
		}()
	}
	var d uringnet.Dialer
	// nothing holds this one up
	c, err := d.DialContext(ctx, "tcp", listen(t, onRing, "tcp").Addr().String())
	check(t, err)
	defer c.Close()
	cancel()
	for range n {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}
