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
		if got := w.load.turnsWasted.Load(); got != step.wasted {
			t.Errorf("%+v: turns are wasted: %v", step, got)
		}
	}
}

// A crowd is large, or too large, when half of the gaps are so large, and stays it until few are.
func TestLargeAndTooLarge(t *testing.T) {
	defer severalPs.Store(severalPs.Load())
	type step struct {
		gap             uint64 // of the given per cent of the receives; the others come after 10
		percent         int
		large, tooLarge bool
	}
	for _, tc := range []struct {
		name    string
		several bool
		policy  string
		steps   []step
	}{
		{"several Ps", true, "auto", []step{
			{largeFrom - 1, 100, false, false},
			{largeFrom, 40, false, false},
			{largeFrom, 60, true, false},
			{tooLargeFrom, 40, true, false},
			{tooLargeFrom, 60, true, true},
			{tooLargeFrom, 30, true, true},
			{tooLargeFrom, 20, false, false},
		}},
		{"one P", false, "auto", []step{{tooLargeFrom, 100, false, false}}},
		{"all on rings", true, "ring", []step{{tooLargeFrom, 100, false, false}}},
	} {
		before, err := SetWait(tc.policy)
		if err != nil {
			t.Fatal(err)
		}
		severalPs.Store(tc.several)
		w := new(worker)
		for _, step := range tc.steps {
			for i := range assessEvery {
				gap := uint64(10)
				if i%100 < step.percent {
					gap = step.gap
				}
				now := w.counters.note(InPoller)
				w.counters.noteGap(gap)
				w.assessIfDue(now)
			}
			large, tooLarge := w.load.large.Load(), w.load.tooLarge.Load()
			if large != step.large || tooLarge != step.tooLarge {
				t.Errorf("%s: %d %% after %d: large %v, too large %v", tc.name, step.percent, step.gap,
					large, tooLarge)
			}
		}
		SetWait(before)
	}
}

// Two goroutines may find that the load is due: the one with the later number of arrivals may be
// the first to find it out.
func TestLoadDoesNotGoBack(t *testing.T) {
	w := new(worker)
	w.assessIfDue(3 * assessEvery)
	w.assessIfDue(2 * assessEvery)
	if at := w.load.assessedAt.Load(); at != 3*assessEvery {
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

// With several rings a receive may be the first of its connection there, or not be counted at all:
// the gaps that are known decide.
func TestTooLargeByKnownGaps(t *testing.T) {
	defer severalPs.Store(severalPs.Load())
	severalPs.Store(true)
	before, _ := SetWait("auto")
	defer SetWait(before)
	w := new(worker)
	for i := range assessEvery {
		now := w.counters.note(InPoller)
		if i%4 == 0 {
			w.counters.noteGap(tooLargeFrom)
		}
		w.assessIfDue(now)
	}
	if !w.load.tooLarge.Load() {
		t.Error("a crowd is not too large although all gaps that are known are")
	}
}

// A stream says nothing of the size of a crowd.
func TestStreamsAreNoCrowd(t *testing.T) {
	var p Placement
	p.Note(InPoller)
	before := p.w.counters.gaps.Load()
	for range 10 {
		p.Note(InStream)
	}
	if gaps := p.w.counters.gaps.Load() - before; gaps != 0 {
		t.Errorf("%d reads of a stream are counted", gaps)
	}
}
