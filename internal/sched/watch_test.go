//go:build linux && !uringnet_nolinkname

package sched

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// watched is one direction of a socket in the runtime's poller.
type watched struct {
	Watch
	fut, out Future
	dl       Deadline
}

func watch(t *testing.T, fd int) *watched {
	t.Helper()
	w := new(watched)
	w.Init(&w.fut, &w.out)
	w.refused.Store(false) // also where all receives wait on the rings
	w.dl.Init(&w.fut)
	if !w.Open(fd) {
		t.Fatal("the runtime's poller does not take the socket")
	}
	t.Cleanup(w.Close)
	return w
}

// drain reads until EAGAIN, as whoever waits in a Watch must have.
func drain(t *testing.T, fd int) (got int) {
	t.Helper()
	buf := make([]byte, 64)
	for {
		switch n, err := unix.Read(fd, buf); {
		case err == unix.EAGAIN:
			return got
		case err != nil || n == 0:
			t.Fatal(n, err)
		default:
			got += n
		}
	}
}

func TestWatch(t *testing.T) {
	a, b := socketPair(t)
	w := watch(t, b)
	for i := range 1000 {
		if i%2 == 0 {
			go write(t, a, "x")
		} else {
			write(t, a, "x")
		}
		for got := drain(t, b); got == 0; got = drain(t, b) {
			if err := w.In.Await(&w.dl); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A deadline, however it falls together with the beginning of a wait, ends it; one that is lost would hang. Data that comes at the
// same time is not lost either.
func TestWatchLosesNoInterruption(t *testing.T) {
	rounds := 50_000
	if testing.Short() {
		rounds = 5_000
	}
	a, b := socketPair(t)
	w := watch(t, b)
	for _, procs := range []int{1, 2, 8} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		begin, done := make(chan bool), make(chan bool)
		go func() {
			for range begin {
				w.dl.Set(time.Unix(1, 0))
				done <- true
			}
		}()
		for i := range rounds {
			begin <- true
			if i%16 == 0 {
				write(t, a, "x")
			}
			for got := 0; ; {
				got += drain(t, b)
				if err := w.In.Await(&w.dl); errors.Is(err, os.ErrDeadlineExceeded) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			<-done
			w.dl.Set(time.Time{})
			drain(t, b)
		}
		close(begin)
	}
}

// An interruption that arrives when the Watch is closed must not reach the next user of the runtime's descriptor: it would end the
// waits of a stranger.
func TestLateInterruptionReachesNobody(t *testing.T) {
	_, b := socketPair(t)
	first := watch(t, b)
	pd := first.pd.Load()
	first.In.waiting.Store(true)
	first.Close()
	c, d := socketPair(t)
	second := watch(t, d)
	if second.pd.Load() != pd {
		t.Logf("the runtime did not use descriptor %#x again but %#x", pd, second.pd.Load())
	}
	first.In.interrupt()
	if code := pollReset(second.pd.Load(), 'r'); code != 0 {
		t.Fatalf("the second Watch is interrupted: %d", code)
	}
	write(t, c, "x")
	if err := second.In.Await(&second.dl); err != nil {
		t.Fatal(err)
	}
}

// Out pins the Watch: In does not close it meanwhile.
func TestWatchPinned(t *testing.T) {
	_, b := socketPair(t)
	w := watch(t, b)
	if !w.Pin(b) {
		t.Fatal("an open Watch cannot be pinned")
	}
	w.Close()
	if !w.Opened() {
		t.Fatal("a pinned Watch was closed")
	}
	w.Unpin()
	w.Close()
	if w.Opened() || w.Pin(b) {
		t.Fatal("Out uses a Watch that In has left")
	}
	if !w.Open(b) || !w.Pin(b) {
		t.Fatal("In does not come back")
	}
	w.Unpin()
	w.Refuse()
	w.Close()
	if w.Usable() || w.Open(b) || w.Pin(b) {
		t.Fatal("a refused Watch is open")
	}
}

// The poller refuses what epoll cannot watch.
func TestWatchRefused(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := new(watched)
	w.Init(&w.fut, &w.out)
	if w.Open(int(f.Fd())) || w.Usable() {
		t.Error("a regular file is watched")
	}
}
