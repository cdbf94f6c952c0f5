//go:build linux

package sched

import "sync/atomic"

// ringLoad is what a worker finds out about all its connections, now and then. They all go by it:
// if each decided for itself, some would have turns while others wait in the poller, and starve
// there.
//
//	turnsWasted  Few turns bring something, because what is asked for comes long after the answers.
//	             Until more of them do, few receives have one.
//	large        Most gaps are largeFrom or more.
//	tooLarge     Most gaps are tooLargeFrom or more.
//
// A crowd is neither large nor too large while one P serves it: the goroutines of all connections
// run on the thread that arms their receives then. Nor is it where all have to wait on rings.
type ringLoad struct {
	turnsWasted, large, tooLarge atomic.Bool // stored under worker.mu

	// assessedAt is the number of arrivals when it was last found out. It is stored under
	// worker.mu; a receive that sees that this is long ago does it again.
	assessedAt atomic.Uint64

	last loadCounts // the counters then; under worker.mu
}

// loadCounts are the counters that tell the load.
type loadCounts struct {
	hits, misses                  uint64 // turns that brought something, and the others
	gaps, largeGaps, tooLargeGaps uint64
}

const (
	largeFrom    = 350
	tooLargeFrom = 1500

	assessEvery = 8192                           // arrivals
	minTurns    = assessEvery / tryTurnEvery / 2 // fewer say nothing

	// In per cent of the turns: below wastedBelow are too few that bring something, from worthFrom on
	// there are enough again.
	wastedBelow = 30
	worthFrom   = 50

	// In per cent of the gaps.
	mostAbove = 50
	fewUpTo   = 25
)

// assessIfDue finds out the load if there were assessEvery arrivals since it was last done.
func (w *worker) assessIfDue(arrivals uint64) {
	if arrivals-w.load.assessedAt.Load() < assessEvery {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// Signed: another receive may have done it meanwhile, with a later number of arrivals.
	if since := arrivals - w.load.assessedAt.Load(); int64(since) >= assessEvery {
		w.load.assessedAt.Store(arrivals)
		w.load.assess(w.counters.ofLoad(), severalPs.Load() && waitPolicy.Load() != waitOnRing)
	}
}

func (c *counters) ofLoad() loadCounts {
	return loadCounts{
		hits: c.Turns.Load(), misses: c.Misses.Load(),
		gaps: c.gaps.Load(), largeGaps: c.largeGaps.Load(), tooLargeGaps: c.tooLargeGaps.Load(),
	}
}

// assess finds out the load from the counters. bySize is false where the size of a crowd does not
// matter.
func (l *ringLoad) assess(now loadCounts, bySize bool) {
	hits, misses := now.hits-l.last.hits, now.misses-l.last.misses
	if turns := hits + misses; turns >= minTurns {
		setByShare(&l.turnsWasted, misses, turns, 100-wastedBelow, 100-worthFrom)
	}
	if bySize {
		gaps := now.gaps - l.last.gaps
		setByShare(&l.large, now.largeGaps-l.last.largeGaps, gaps, mostAbove, fewUpTo)
		setByShare(&l.tooLarge, now.tooLargeGaps-l.last.tooLargeGaps, gaps, mostAbove, fewUpTo)
	}
	l.last = now
}

// setByShare sets what if part is more than the given per cent of all, and resets it if it is at
// most unset per cent.
func setByShare(what *atomic.Bool, part, all, set, unset uint64) {
	switch {
	case part*100 > all*set:
		what.Store(true)
	case part*100 <= all*unset:
		what.Store(false)
	}
}
