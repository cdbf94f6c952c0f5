//go:build linux

package sched

import (
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
)

// Turns are in vain while too few of them bring something, and a few at random decide nothing.
func TestTurnsInVain(t *testing.T) {
	w := new(worker)
	for _, step := range []struct {
		hits, misses, waited uint64
		vain                 bool
	}{
		{0, judgeFrom - 1, judgeAfter, false}, // not enough turns
		{30, 70, judgeAfter, false},
		{judgeAfter * 40 / 100, judgeAfter * 60 / 100, judgeAfter, false},
		{judgeAfter * 20 / 100, judgeAfter * 80 / 100, judgeAfter, true},
		{judgeAfter * 40 / 100, judgeAfter * 60 / 100, judgeAfter, true},
		{judgeAfter / 2, 0, judgeAfter/2 - 1, true}, // not enough arrivals
		{judgeFrom, judgeFrom / 10, judgeAfter, false},
	} {
		c := &w.counters
		c.turns.Add(step.hits)
		c.misses.Add(step.misses)
		w.judgeIfDue(c.arrivals.Add(step.waited))
		if got := w.judgement.vain.Load(); got != step.vain {
			t.Errorf("%+v: in vain is %v", step, got)
		}
	}
}

// A crowd is large, or huge, when half of the receives come after so many others, and stays it
// until few do.
func TestLargeAndHuge(t *testing.T) {
	defer severalPs.Store(severalPs.Load())
	type step struct {
		gap         uint64 // of the given per cent of the receives; the others come after 10
		percent     int
		large, huge bool
	}
	for _, tc := range []struct {
		name    string
		several bool
		policy  string
		steps   []step
	}{
		{"several Ps", true, "auto", []step{
			{largeInVain - 1, 100, false, false},
			{largeInVain, 40, false, false},
			{largeInVain, 60, true, false},
			{largeFrom, 40, true, false},
			{largeFrom, 60, true, true},
			{largeFrom, 30, true, true},
			{largeFrom, 20, false, false},
		}},
		{"one P", false, "auto", []step{{largeFrom, 100, false, false}}},
		{"all on rings", true, "ring", []step{{largeFrom, 100, false, false}}},
	} {
		before, err := SetWait(tc.policy)
		if err != nil {
			t.Fatal(err)
		}
		severalPs.Store(tc.several)
		w := new(worker)
		for _, step := range tc.steps {
			for i := range judgeAfter {
				gap := uint64(10)
				if i%100 < step.percent {
					gap = step.gap
				}
				now := w.counters.note(InPoller)
				w.counters.noteGap(gap)
				w.judgeIfDue(now)
			}
			if large, huge := w.judgement.large.Load(), w.judgement.huge.Load(); large != step.large || huge != step.huge {
				t.Errorf("%s: %d %% after %d: large %v, huge %v", tc.name, step.percent, step.gap, large, huge)
			}
		}
		SetWait(before)
	}
}

// Who finds a judgement due may come to it after somebody else, with a later number of arrivals,
// has made it.
func TestJudgementDoesNotGoBack(t *testing.T) {
	w := new(worker)
	w.judgeIfDue(3 * judgeAfter)
	w.judgeIfDue(2 * judgeAfter)
	if judged := w.judgement.judged.Load(); judged != 3*judgeAfter {
		t.Errorf("judged at arrival %d, and before at %d", judged, 3*judgeAfter)
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
// what is known decides.
func TestHugeByWhatIsKnown(t *testing.T) {
	defer severalPs.Store(severalPs.Load())
	severalPs.Store(true)
	before, _ := SetWait("auto")
	defer SetWait(before)
	w := new(worker)
	for i := range judgeAfter {
		now := w.counters.note(InPoller)
		if i%4 == 0 {
			w.counters.noteGap(largeFrom)
		}
		w.judgeIfDue(now)
	}
	if huge := w.judgement.huge.Load(); !huge {
		t.Errorf("huge is %v", huge)
	}
}

// A stream says nothing of the size of a crowd.
func TestStreamsAreNoCrowd(t *testing.T) {
	var p Pace
	p.Note(InPoller)
	before := p.w.counters.known.Load()
	for range 10 {
		p.Note(InStream)
	}
	if known := p.w.counters.known.Load() - before; known != 0 {
		t.Errorf("%d reads of a stream are counted", known)
	}
}
