//go:build linux

package sched

import "sync/atomic"

// wastedTurns is what a worker finds out about the turns of all its connections, now and then: are
// most of them wasted, because what is asked for comes long after the answers? While they are, few
// receives have one, and none waits on a ring. All connections go by it. If each decided for
// itself, some would have turns while others wait in the poller, and starve there.
type wastedTurns struct {
	most atomic.Bool // stored under worker.mu

	// assessedAt is the number of arrivals when it was last found out. It is stored under
	// worker.mu; a receive that sees that this is long ago does it again.
	assessedAt atomic.Uint64

	// Turns that had brought something then, and the others; under worker.mu.
	hits, misses uint64
}

const (
	assessEvery = 1024                           // arrivals
	minTurns    = assessEvery / tryTurnEvery / 2 // fewer say nothing

	// In per cent of the turns: below wastedBelow are too few that bring something, from worthFrom on
	// there are enough again.
	wastedBelow = 30
	worthFrom   = 50
)

// assessIfDue finds out whether turns are wasted if there were assessEvery arrivals since it was
// last done.
func (w *worker) assessIfDue(arrivals uint64) {
	if arrivals-w.wasted.assessedAt.Load() < assessEvery {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	// Signed: another receive may have done it meanwhile, with a later number of arrivals.
	if since := arrivals - w.wasted.assessedAt.Load(); int64(since) >= assessEvery {
		w.wasted.assessedAt.Store(arrivals)
		w.wasted.assess(w.counters.Turns.Load(), w.counters.Misses.Load())
	}
}

// assess finds it out from the numbers of all turns that brought something, and of the others.
func (t *wastedTurns) assess(hits, misses uint64) {
	found, missed := hits-t.hits, misses-t.misses
	turns := found + missed
	switch {
	case turns < minTurns:
	case found*100 < turns*wastedBelow:
		t.most.Store(true)
	case found*100 >= turns*worthFrom:
		t.most.Store(false)
	}
	t.hits, t.misses = hits, misses
}
