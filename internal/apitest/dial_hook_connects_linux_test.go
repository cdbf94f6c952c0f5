package apitest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// connectingHook begins the connect that the dial is about to make, as for TCP Fast Open.
func connectingHook(calls *atomic.Int32, outcome *error) func(network, address string, c syscall.RawConn) error {
	return func(network, address string, c syscall.RawConn) error {
		calls.Add(1)
		to, err := net.ResolveTCPAddr(network, address)
		if err != nil {
			return err
		}
		sa := &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}
		return c.Control(func(fd uintptr) { *outcome = unix.Connect(int(fd), sa) })
	}
}

// TestDialHookConnects guards that a dial whose Control hook has begun, or finished, the connect
// ends as package net's does.
func TestDialHookConnects(t *testing.T) {
	begin(t)
	listening := listen(t, onNet, "tcp")
	acceptAll(listening)
	for name, address := range map[string]string{
		"full backlog": deafAddress(t),
		"listening":    listening.Addr().String(),
		"refused":      refusingAddress(t),
	} {
		t.Run(name, func(t *testing.T) {
			var errs [2]error
			var calls [2]atomic.Int32
			var outcomes [2]error
			for i, w := range worlds {
				d := net.Dialer{Control: connectingHook(&calls[i], &outcomes[i])}
				blocked := parked(t, func() error {
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
					defer cancel()
					if name != "full backlog" {
						ctx = t.Context()
					}
					c, err := w.dialWith(ctx, d, "tcp", address)
					if err == nil {
						err = errors.Join(sendByte(c), c.Close())
					}
					return err
				})
				errs[i] = <-blocked
			}
			if calls[1].Load() != calls[0].Load() || outcomes[1] != outcomes[0] {
				t.Errorf("%d calls of the hook, whose connect says %v; package net's %d, %v",
					calls[1].Load(), outcomes[1], calls[0].Load(), outcomes[0])
			}
			if isDialTimeout(errs[0]) { // one of two errors, whichever timer is first
				if !isDialTimeout(errs[1]) {
					t.Errorf("the dial ends with %v, package net's with %v", errs[1], errs[0])
				}
				return
			}
			mustBeLike(t, "dial", errs[1], errs[0])
		})
	}
}

func isDialTimeout(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" && op.Timeout()
}

// refusingAddress is one that nobody listens at, and nobody else can take.
func refusingAddress(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	check(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	sa, err := unix.Getsockname(fd)
	check(t, err)
	return netip4(sa)
}

// TestDialHookConnectsIdly guards that such a dial waits without computing: it is a process of its
// own, whose CPU time is compared with the time that passes.
func TestDialHookConnectsIdly(t *testing.T) {
	for _, m := range eachMode(t) {
		t.Run(m.name, func(t *testing.T) {
			begin(t)
			if out, err := tryChild(t, "hookspin", m.env...); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func init() { children["hookspin"] = hookSpinChild }

func hookSpinChild() error {
	address, err := fullBacklog()
	if err != nil {
		return err
	}
	w := childWorld()
	var calls atomic.Int32
	var outcome error
	dial := func(length time.Duration) error {
		d := net.Dialer{Control: connectingHook(&calls, &outcome), Timeout: length}
		_, err := w.dialWith(context.Background(), d, "tcp", address)
		if !isDialTimeout(err) || outcome != unix.EINPROGRESS {
			return fmt.Errorf("dial = %w, connect in the hook = %w", err, outcome)
		}
		return nil
	}
	_ = dial(time.Millisecond) // what is done once is not counted; it may end before the hook
	const length = time.Second
	before, err := cpuTime()
	if err != nil {
		return err
	}
	if err := dial(length); err != nil {
		return err
	}
	after, err := cpuTime()
	if err == nil && after-before > length/4 {
		err = fmt.Errorf("a dial that waited for %v computed for %v", length, after-before)
	}
	return err
}

// cpuTime is what this process has used.
func cpuTime() (time.Duration, error) {
	var r unix.Rusage
	err := unix.Getrusage(unix.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), err
}

// TestDialRefusedOrCancelled guards that a dial to a closed port which is cancelled at any moment
// is refused or cancelled, and never told anything that belongs to how it is made.
func TestDialRefusedOrCancelled(t *testing.T) {
	for _, w := range worlds {
		for _, timeout := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/timeout=%v", w.name, timeout), func(t *testing.T) {
				begin(t)
				address := refusingAddress(t)
				const dialers = 16
				errs := make(chan error, dialers)
				for d := range dialers {
					go func() { errs <- dialOften(t, w, address, timeout, d) }()
				}
				failed := 0
				var last error
				for range dialers {
					if err := <-errs; err != nil {
						failed++
						last = err
					}
				}
				if failed > 0 {
					t.Errorf("%d of %d dialers got an error that is not theirs: %v", failed, dialers, last)
				}
			})
		}
	}
}

// dialOften returns the first error that is not to be expected.
func dialOften(t *testing.T, w world, address string, timeout bool, seed int) error {
	for i := range size(500, 100) {
		var ctx context.Context
		var cancel context.CancelFunc
		if timeout {
			ctx, cancel = context.WithTimeout(t.Context(), time.Duration((i*7+seed*13)%200)*time.Microsecond)
		} else {
			ctx, cancel = context.WithCancel(t.Context())
			go func() {
				for range (i + seed) % 50 * 20 {
					spin()
				}
				cancel()
			}()
		}
		c, err := w.dialWith(ctx, net.Dialer{}, "tcp", address)
		cancel()
		switch {
		case err == nil:
			c.Close()
			return errors.New("the dial succeeded")
		case errors.Is(err, unix.ECONNREFUSED):
		case !timeout && errors.Is(err, context.Canceled):
		case timeout && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded)):
		default:
			return err
		}
	}
	return nil
}
