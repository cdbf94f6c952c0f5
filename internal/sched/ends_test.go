//go:build linux

package sched

import (
	"runtime"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
	"golang.org/x/sys/unix"
)

// A cancellation is followed by one request more, whose submission waits for the ring's lock: only then has the kernel dropped the
// file (see barrier). Whether it had done so anyway cannot be seen from outside but once in thousands of times.
func TestCancellationEndsWithABarrier(t *testing.T) {
	_, b := socketPair(t)
	w, err := newWorker(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := newOp()
	buf := make([]byte, 1)
	for range 100 {
		awaitParked(w)
		before := w.counters.submissions.Load()
		_, sqe := o.startOn(w, buf)
		ring.PrepRecv(sqe, int32(b), buf, true)
		w.submit(&o.Op, sqe)
		w.flush() // whoever was to do it
		o.CancelAndAwait()
		if o.Take(); w.counters.submissions.Load()-before < 3 {
			t.Fatalf("%d requests, want the receive, its cancellation and a barrier", w.counters.submissions.Load()-before)
		}
	}
}

// A Deadline that is closed or cleared leaves no timer, which would keep its socket in memory until then.
func TestDeadlineLeavesNoTimer(t *testing.T) {
	for what, end := range map[string]func(*Deadline){
		"closed":  func(d *Deadline) { Close(d) },
		"cleared": func(d *Deadline) { d.Set(time.Time{}) },
		"past":    func(d *Deadline) { d.Set(time.Unix(1, 0)) },
	} {
		var f Future
		d := new(Deadline)
		d.Init(&f)
		d.Set(time.Now().Add(time.Hour))
		end(d)
		if d.timer.Stop() {
			t.Errorf("%s: the timer runs on", what)
		}
	}
}

// The table forgets an operation that is over, and with it the socket that it is part of.
func TestTableForgetsWhatIsOver(t *testing.T) {
	_, b := socketPair(t)
	collected := make(chan struct{})
	func() {
		o := newOp()
		runtime.AddCleanup(o, func(struct{}) { close(collected) }, struct{}{})
		o.Recv(b, make([]byte, 1))
		o.CancelAndAwait()
		o.Take()
	}()
	for range 500 {
		runtime.GC()
		select {
		case <-collected:
			return
		case <-time.After(time.Millisecond):
		}
	}
	t.Fatal("an operation that is over stays in memory")
}

// More completions than the completion queue holds, while nobody reaps: the kernel keeps the rest until it is asked.
func TestMoreThanTheCompletionQueueHolds(t *testing.T) {
	skipIfPolled(t, "the kernel's thread completes requests while others are still submitted, so the queue need not overflow")
	const n = cqEntries + 1000
	a, b := socketPair(t)
	write(t, a, "x")
	w, err := newWorker(nil)
	if err != nil {
		t.Fatal(err)
	}
	ops := make([]*testOp, n)
	w.reapMu.Lock()
	for i := range ops {
		o := newOp()
		_, sqe := o.startOn(w, nil)
		ring.PrepPoll(sqe, int32(b), unix.POLLIN)
		w.submit(&o.Op, sqe)
		ops[i] = o
	}
	w.flush()
	overflown := w.ring.SQ.Overflown()
	w.reapMu.Unlock()
	if !overflown {
		t.Error("the completion queue did not overflow")
	}
	for i, o := range ops {
		o.dl.Set(time.Now().Add(10 * time.Second))
		if err := o.Await(&o.dl); err != nil {
			t.Fatalf("operation %d of %d: %v", i, n, err)
		}
		o.Take()
	}
}
