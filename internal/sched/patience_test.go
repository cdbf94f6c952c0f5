//go:build linux

package sched

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
	"golang.org/x/sys/unix"
)

// awaitParks waits until the completer of w, which is busy, has parked a hundred times.
func awaitParks(t *testing.T, w *worker) {
	t.Helper()
	limit := time.Now().Add(30 * time.Second)
	for parks := w.counters.parks.Load(); w.counters.parks.Load() < parks+100; runtime.Gosched() {
		if time.Now().After(limit) {
			t.Error("the completer does not park")
			break
		}
	}
}

// A ring that is always busy lets the scheduler look at the runtime's poller now and then: its completer parks although there is
// more to do, and goes on afterwards.
func TestBusyCompleterParks(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	w := current()
	var stop atomic.Bool
	ends := make(chan uint64)
	for range 8 {
		go func() {
			_, fd := socketPair(t)
			o := newOp()
			n := uint64(0)
			for ; !stop.Load(); n++ {
				o.Poll(fd, unix.POLLOUT) // which holds at once
				o.Await(&o.dl)
				o.Take()
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

// A completer that gives up leaves completions behind, and comes back for them although no further one makes the ring readable.
func TestImpatientCompleterComesBack(t *testing.T) {
	drainImpatiently(t, staged(t))
}

// In a huge crowd a completer does not give up: the others are in the poller, and it would get little of each round of it.
func TestPatientInHugeCrowd(t *testing.T) {
	w := staged(t)
	w.judgement.huge.Store(true)
	if edges := drainImpatiently(t, w); edges != 0 {
		t.Errorf("the completer gave up %d times", edges)
	}
}

// drainImpatiently has more completions drained than fit into a batch, each followed by another request, by a completer whose patience
// ends at once. It returns how often that provoked an edge.
func drainImpatiently(t *testing.T, w *worker) (edges int) {
	w.patience = 0
	_, fd := socketPair(t)
	const ops = 2*reapBatch + 10
	ends := make(chan *testOp, ops)
	for range ops {
		o := newOp()
		_, sqe := o.startOn(w, nil)
		ring.PrepPoll(sqe, int32(fd), unix.POLLOUT) // which holds at once
		w.submit(&o.Op, sqe)
		go func() {
			o.Await(&o.dl)
			o.Take()
			// What it stages now makes the completer flush, and look at the time.
			_, sqe := o.startOn(w, nil)
			ring.PrepPoll(sqe, int32(fd), unix.POLLIN) // which never holds
			w.submit(&o.Op, sqe)
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
	awaitParked(w)
	edges = int(w.counters.submissions.Load()) - 2*ops
	for _, o := range all {
		o.CancelAndAwait()
		o.Take()
	}
	return edges
}
