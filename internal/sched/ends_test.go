//go:build linux

package sched

import (
	"runtime"
	"testing"
	"time"
)

// One request more, whose submission waits for the ring's lock, makes sure that the kernel has
// dropped the file (see barrier). Whether it had done so anyway cannot be seen from outside but
// once in thousands of times.
func TestAwaitReleaseIsABarrier(t *testing.T) {
	_, b := socketPair(t)
	w := onRing(t)
	o := newOp()
	buf := make([]byte, 1)
	for range 100 {
		awaitParked(w)
		before := w.counters.Submissions.Load()
		o.recv(w, b, buf)
		w.flush() // whoever was to do it
		o.CancelAndAwait()
		o.Take()
		o.AwaitRelease()
		if w.counters.Submissions.Load()-before < 3 {
			t.Fatalf("%d requests, want the receive, its cancellation and a barrier", w.counters.Submissions.Load()-before)
		}
	}
}

// The table forgets an operation that is over, and with it the socket that it is part of.
func TestTableForgetsWhatIsOver(t *testing.T) {
	_, b := socketPair(t)
	ringHere(t)
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

// More completions than the completion queue holds, while nobody reaps: the kernel keeps the rest
// until it is asked.
func TestMoreThanTheCompletionQueueHolds(t *testing.T) {
	skipIfSQPoll(t, "the kernel's thread completes requests while others are still submitted, so the queue need not overflow")
	const n = cqEntries + 1000
	w := onRing(t)
	ops := make([]*testOp, n)
	w.reapMu.Lock()
	for i := range ops {
		o := newOp()
		o.nop(w)
		ops[i] = o
	}
	w.flush()
	overflown := w.ring().SQ.Overflown()
	w.reapMu.Unlock()
	if !overflown {
		t.Error("the completion queue did not overflow")
	}
	for _, o := range ops {
		o.await(t)
	}
}
