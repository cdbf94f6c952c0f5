//go:build linux

package sched

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
	"github.com/uringnet/uringnet/internal/testutil"
)

// awaitParks waits until the completer of w, which is busy, has parked a hundred times.
func awaitParks(t *testing.T, w *worker) {
	t.Helper()
	enough := w.counters.Parks.Load() + 100
	if !testutil.Poll(func() bool { return w.counters.Parks.Load() >= enough }) {
		t.Error("the completer does not park")
	}
}

// A ring that is always busy lets the scheduler look at the runtime's poller now and then: its
// completer parks although there is more to do, and goes on afterwards.
func TestBusyCompleterParks(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	w := ringHere(t)
	var stop atomic.Bool
	ends := make(chan uint64)
	for range 8 {
		go func() {
			o := newOp()
			n := uint64(0)
			for ; !stop.Load(); n++ {
				o.nop(w)
				o.await(t)
			}
			ends <- n
		}()
	}
	awaitParks(t, w)
	stop.Store(true)
	for range 8 {
		if <-ends == 0 {
			t.Error("a goroutine did nothing")
		}
	}
}

// A completer that gives up leaves completions behind, and comes back for them although no further
// one makes the ring readable.
func TestImpatientCompleterComesBack(t *testing.T) {
	w := staged(t)
	w.patience = 0
	_, fd := socketPair(t)
	const ops = 2*reapBatch + 10
	ends := make(chan *testOp, ops)
	for range ops {
		o := newOp()
		o.nop(w)
		go func() {
			o.await(t)
			// What it stages now makes the completer flush, and look at the time.
			o.recv(w, fd, make([]byte, 1)) // nothing comes
			ends <- o
		}()
	}
	w.mu.Lock()
	w.awake = 0
	w.mu.Unlock()
	w.flush()
	var all []*testOp
	for range ops {
		all = append(all, <-ends)
	}
	for _, o := range all {
		o.CancelAndAwait()
		o.Take()
	}
}

// Without a ring the poller is all that there is beside turns.
func TestPatience(t *testing.T) {
	defer severalPs.Store(severalPs.Load())
	severalPs.Store(false)
	with := &worker{patience: time.Minute}
	with.ringed.Store(&ringed{Ring: new(ring.Ring)})
	for _, step := range []struct {
		w       *worker
		seconds time.Duration
		want    bool
	}{
		{with, 50, false}, {with, 70, true},
		{&worker{patience: time.Minute}, 5, false},
		{&worker{patience: time.Minute}, 7, true},
	} {
		if got := step.w.overdue(time.Now().Add(-step.seconds * time.Second)); got != step.want {
			t.Errorf("ring %v, %d s: overdue is %v", step.w == with, step.seconds, got)
		}
	}
	severalPs.Store(true)
	without := &worker{patience: time.Minute}
	if without.overdue(time.Now().Add(-50 * time.Second)) {
		t.Error("several Ps, no ring: overdue after 50 s of 60")
	}
}
