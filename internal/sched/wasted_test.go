//go:build linux

package sched

import (
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
)

// Turns are wasted while too few of them bring something, and a few at random decide nothing.
func TestTurnsWasted(t *testing.T) {
	w := new(worker)
	for _, step := range []struct {
		hits, misses, waited uint64
		wasted               bool
	}{
		{0, minTurns - 1, assessEvery, false}, // not enough turns
		{30, 70, assessEvery, false},
		{assessEvery * 40 / 100, assessEvery * 60 / 100, assessEvery, false},
		{assessEvery * 20 / 100, assessEvery * 80 / 100, assessEvery, true},
		{assessEvery * 40 / 100, assessEvery * 60 / 100, assessEvery, true},
		{assessEvery / 2, 0, assessEvery/2 - 1, true}, // not enough arrivals
		{minTurns, minTurns / 10, assessEvery, false},
	} {
		c := &w.counters
		c.Turns.Add(step.hits)
		c.Misses.Add(step.misses)
		w.assessIfDue(c.arrivals.Add(step.waited))
		if got := w.wasted.most.Load(); got != step.wasted {
			t.Errorf("%+v: turns are wasted: %v", step, got)
		}
	}
}

// Two goroutines may find that the load is due: the one with the later number of arrivals may be
// the first to find it out.
func TestLoadDoesNotGoBack(t *testing.T) {
	w := new(worker)
	w.assessIfDue(3 * assessEvery)
	w.assessIfDue(2 * assessEvery)
	if at := w.wasted.assessedAt.Load(); at != 3*assessEvery {
		t.Errorf("assessed at arrival %d, and before at %d", at, 3*assessEvery)
	}
}

// A receive on a ring is an arrival as soon as its completion is there.
func TestCompletionsArrive(t *testing.T) {
	w := staged(t)
	w.patience = time.Hour // or it gives up, by one completion more
	o := newOp()
	_, sqe := o.startOn(w, nil)
	ring.PrepNop(sqe)
	before := w.counters.arrivals.Load()
	w.awake = 0 // under mu, until it is submitted
	w.submit(&o.Op, sqe)
	o.await(t)
	awaitParked(w)
	if n := w.counters.arrivals.Load() - before; n != 1 {
		t.Errorf("%d arrivals for one completion", n)
	}
}

// A stream says nothing of the size of a crowd.
func TestStreamsAreNoCrowd(t *testing.T) {
	var p Placement
	p.Note(InPoller)
	before := p.w.counters.arrivals.Load()
	for range 10 {
		p.Note(InStream)
	}
	if n := p.w.counters.arrivals.Load() - before; n != 0 {
		t.Errorf("%d reads of a stream are counted", n)
	}
}
