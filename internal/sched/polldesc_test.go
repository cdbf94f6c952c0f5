//go:build linux

package sched

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/testutil"
)

// watch has the poller watch fd.
func watch(t *testing.T, fd int) *PollDesc {
	t.Helper()
	p := new(PollDesc)
	p.Init(fd)
	if _, err := p.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDesc(p) })
	return p
}

func closeDesc(p *PollDesc) {
	if !p.In.Closed() {
		p.Evict()
	}
	p.Close()
}

// drain reads until EAGAIN, as who waits must have.
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

func TestWaitReady(t *testing.T) {
	a, b := socketPair(t)
	p := watch(t, b)
	for i := range 1000 {
		if i%2 == 0 {
			go write(t, a, "x")
		} else {
			write(t, a, "x")
		}
		for got := drain(t, b); got == 0; got = drain(t, b) {
			if err := p.In.WaitReady(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Prepare forgets what was ready before, and only that: the wait is edge-triggered.
func TestPrepareForgets(t *testing.T) {
	a, b := socketPair(t)
	p := watch(t, b)
	write(t, a, "x")
	if err := p.In.WaitReady(); err != nil {
		t.Fatal(err)
	}
	write(t, a, "x")
	awaitReadable(t, p)
	if err := p.In.Prepare(); err != nil {
		t.Fatal(err)
	}
	if err := p.In.SetDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if err := p.In.WaitReady(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%v although nothing has become ready since Prepare", err)
	}
}

// awaitReadable returns when the runtime has noted that something is ready.
func awaitReadable(t *testing.T, p *PollDesc) {
	t.Helper()
	if code := pollWait(p.pd.Load(), 'r'); code != pollNoError {
		t.Fatal(code)
	}
}

// A deadline, however it falls together with the beginning of a wait, ends it; one that is lost
// would hang. Data that comes at the same time is not lost either.
func TestWaitLosesNoInterruption(t *testing.T) {
	rounds := 50_000
	if testing.Short() {
		rounds = 5_000
	}
	a, b := socketPair(t)
	p := watch(t, b)
	for _, procs := range []int{1, 2, 8} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		begin, done := make(chan int), make(chan bool)
		go func() {
			for i := range begin {
				if i%2 == 0 {
					p.In.SetDeadline(time.Unix(1, 0))
				} else {
					p.In.SetDeadline(time.Now().Add(time.Microsecond))
				}
				done <- true
			}
		}()
		for i := range rounds {
			begin <- i
			if i%16 == 0 {
				write(t, a, "x")
			}
			for {
				drain(t, b)
				if err := p.In.WaitReady(); errors.Is(err, os.ErrDeadlineExceeded) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			<-done
			p.In.SetDeadline(time.Time{})
			drain(t, b)
		}
		close(begin)
	}
}

// state is what a call that begins now finds.
func state(s *PollSide) error { return s.Prepare() }

// Every way from one kind of deadline to another ends in what was set last, whether the poller
// watches the socket yet or not.
func TestDeadlineFromEachToEach(t *testing.T) {
	kinds := []struct {
		name string
		t    time.Time
		want error
	}{
		{"none", time.Time{}, nil},
		{"a second ago", time.Now().Add(-time.Second), os.ErrDeadlineExceeded},
		{"long ago", time.Unix(1, 0), os.ErrDeadlineExceeded},
		{"in an hour", time.Now().Add(time.Hour), nil},
	}
	_, b := socketPair(t)
	for _, opened := range []bool{false, true} {
		for _, first := range kinds {
			for _, second := range kinds {
				p := new(PollDesc)
				p.Init(b)
				if opened {
					p.open()
				}
				for _, kind := range []int{0, 1} {
					k := first
					if kind == 1 {
						k = second
					}
					if err := p.In.SetDeadline(k.t); err != nil || state(&p.In) != k.want {
						t.Fatalf("%s, then %s: after step %d: %v, %v", first.name, second.name, kind+1, err, state(&p.In))
					}
					if k.want != nil {
						if err := p.In.WaitReady(); err != k.want {
							t.Fatalf("%s, then %s: a wait after step %d: %v", first.name, second.name, kind+1, err)
						}
					}
				}
				p.Evict()
				if err := p.In.SetDeadline(second.t); err != ErrClosed || state(&p.In) != ErrClosed {
					t.Fatalf("%s, then closed, then %s: %v, %v", first.name, second.name, err, state(&p.In))
				}
				p.Close()
			}
		}
	}
}

// A deadline that the runtime counts down is found by the next call, whether or not one waited for
// it.
func TestDeadlinePasses(t *testing.T) {
	_, b := socketPair(t)
	p := watch(t, b)
	p.In.SetDeadline(time.Now().Add(time.Millisecond))
	testutil.Eventually(t, "the deadline to pass", func() bool { return state(&p.In) != nil })
	if state(&p.Out) != nil {
		t.Error("the other side has no deadline")
	}
	// Moved ahead of a timer that is about to fire, over and over: it must never expire.
	for range 2000 {
		p.In.SetDeadline(time.Now().Add(time.Microsecond))
		p.In.SetDeadline(time.Now().Add(time.Hour))
		if err := state(&p.In); err != nil {
			t.Fatal(err)
		}
	}
}

// Setters of all kinds at the same time, and a timer that fires among them, leave the deadline as
// the last one says.
func TestDeadlineSetByMany(t *testing.T) {
	_, b := socketPair(t)
	for range 200 {
		p := new(PollDesc)
		p.Init(b)
		d := &p.In
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 40 {
					switch (i + g) % 4 {
					case 0:
						d.SetDeadline(time.Time{})
					case 1:
						d.SetDeadline(time.Unix(1, 0))
					case 2:
						d.SetDeadline(time.Now().Add(time.Microsecond))
					case 3:
						d.SetDeadline(time.Now().Add(time.Hour))
					}
				}
			})
		}
		wg.Wait()
		for _, step := range []struct {
			t    time.Time
			want error
		}{{time.Unix(1, 0), os.ErrDeadlineExceeded}, {time.Time{}, nil}, {time.Now().Add(time.Hour), nil}, {time.Unix(0, 0), os.ErrDeadlineExceeded}} {
			if d.SetDeadline(step.t); state(d) != step.want {
				t.Fatalf("set to %v it is %v", step.t, state(d))
			}
		}
		for g := range 3 {
			wg.Go(func() { d.SetDeadline([]time.Time{{}, time.Unix(1, 0), time.Now().Add(time.Hour)}[g]) })
		}
		p.Evict()
		wg.Wait()
		if state(d) != ErrClosed {
			t.Fatalf("closed, it is %v", state(d))
		}
		p.Close()
	}
}

// A deadline that is set at the very moment of an Evict does not open the side again.
func TestDeadlineStaysClosed(t *testing.T) {
	ds := make([]PollDesc, 100_000)
	var at atomic.Int64
	at.Store(-1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range ds {
			for at.Load() < int64(i) {
				runtime.Gosched()
			}
			ds[i].In.SetDeadline(time.Unix(1, 0))
			ds[i].In.SetDeadline(time.Time{})
		}
	})
	for i := range ds {
		ds[i].Init(-1)
		at.Store(int64(i))
		ds[i].Evict()
	}
	wg.Wait()
	for i := range ds {
		if err := state(&ds[i].In); err != ErrClosed {
			t.Fatalf("number %d is %v after Evict", i, err)
		}
	}
}

// A deadline makes a receive leave its ring, also one that is set while it waits there.
func TestDeadlineLeavesRing(t *testing.T) {
	_, b := socketPair(t)
	ringHere(t)
	o := newOp()
	o.desc.fd = b
	defer closeDesc(&o.desc)
	for range 100 {
		o.Recv(b, make([]byte, 1))
		go o.desc.In.SetDeadline(time.Now().Add(time.Hour))
		if err := o.Await(&o.desc.In); err != errTimed {
			t.Fatal(err)
		}
		o.CancelAndAwait()
		if r := o.Take(); r.Errno != syscall.ECANCELED {
			t.Fatalf("%+v", r)
		}
		o.desc.In.SetDeadline(time.Time{})
	}
}

// Deadlines count down by the real clock: where one is set, in a bubble or outside, makes no
// difference.
func TestDeadlineInBubble(t *testing.T) {
	_, b := socketPair(t)
	outside := watch(t, b)
	synctest.Test(t, func(t *testing.T) {
		_, fd := socketPair(t)
		inside := new(PollDesc)
		inside.Init(fd)
		for _, p := range []*PollDesc{outside, inside} {
			p.In.SetDeadline(time.Now().Add(time.Millisecond))
			if err := p.In.WaitReady(); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			p.In.SetDeadline(time.Now().Add(-time.Millisecond))
			if err := state(&p.In); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			p.In.SetDeadline(time.Now().Add(time.Hour))
			if err := state(&p.In); err != nil {
				t.Error(err)
			}
		}
		closeDesc(inside)
	})
}

// An interruption that arrives when the socket is closed must not reach the next user of the
// runtime's descriptor: it would end the waits of a stranger.
func TestLateInterruptionReachesNobody(t *testing.T) {
	_, b := socketPair(t)
	first := watch(t, b)
	pd := first.pd.Load()
	first.In.waiting.Store(true)
	first.In.state.Store(expired)
	first.mu.Lock()
	pollUnblock(pd)
	first.mu.Unlock()
	first.Close()
	c, d := socketPair(t)
	second := watch(t, d)
	if second.pd.Load() != pd {
		t.Logf("the runtime did not use descriptor %#x again but %#x", pd, second.pd.Load())
	}
	first.In.interrupt()
	if code := pollReset(second.pd.Load(), 'r'); code != 0 {
		t.Fatalf("the second socket is interrupted: %d", code)
	}
	write(t, c, "x")
	if err := second.In.WaitReady(); err != nil {
		t.Fatal(err)
	}
}

// What epoll cannot watch is an error, and not a hang.
func TestPollerRefuses(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := new(PollDesc)
	p.Init(int(f.Fd()))
	if err := p.In.WaitReady(); !errors.Is(err, syscall.EPERM) {
		t.Errorf("a regular file is watched: %v", err)
	}
	if err := p.In.SetDeadline(time.Now().Add(time.Hour)); !errors.Is(err, syscall.EPERM) {
		t.Errorf("a regular file has a deadline: %v", err)
	}
}
