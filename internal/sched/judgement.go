//go:build linux

package sched

import "sync/atomic"

// judgement is what a worker makes of its connections now and then. They all go by it: if each of
// them judged for itself, some would have turns while others wait in the poller, and starve there.
//
//	vain   Few turns bring something, because what is asked for comes long after the answers. Until more of them do, few receives have one.
//	large  Most receives end after largeInVain others or more.
//	huge   Most receives end after largeFrom others or more.
//
// A crowd is neither large nor huge while one P serves it: the goroutines of all connections run on
// the thread that arms their receives then. Nor is it where all have to wait on rings.
type judgement struct {
	vain, large, huge atomic.Bool // stored under worker.mu

	// judged is the number of arrivals at the last judgement. It is stored under worker.mu; who
	// finds it long ago judges.
	judged atomic.Uint64

	// Under worker.mu: the counters at the last judgement.
	hits, misses, known, larges, huges uint64
}

const (
	judgeAfter = 8192                        // arrivals
	judgeFrom  = judgeAfter / probeEvery / 2 // turns: fewer say nothing
	vainBelow  = 30                          // per cent of turns that brought something
	worthFrom  = 50
	mostFrom   = 50 // per cent of the receives
	fewBelow   = 25
)

// judgeIfDue judges if there were judgeAfter arrivals since it was last done.
func (w *worker) judgeIfDue(arrivals uint64) {
	if arrivals-w.judgement.judged.Load() < judgeAfter {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if seen := arrivals - w.judgement.judged.Load(); int64(seen) >= judgeAfter {
		w.judgement.judged.Store(arrivals)
		w.judgement.judge(&w.counters, severalPs.Load() && waitPolicy.Load() != waitOnRing)
	}
}

func (j *judgement) judge(c *counters, bySize bool) {
	hits, misses, known, larges, huges := c.turns.Load(), c.misses.Load(), c.known.Load(), c.large.Load(), c.huge.Load()
	if turns := hits - j.hits + misses - j.misses; turns >= judgeFrom {
		change(&j.vain, misses-j.misses, turns, 100-vainBelow, 100-worthFrom)
	}
	if bySize {
		change(&j.large, larges-j.larges, known-j.known, mostFrom, fewBelow)
		change(&j.huge, huges-j.huges, known-j.known, mostFrom, fewBelow)
	}
	j.hits, j.misses, j.known, j.larges, j.huges = hits, misses, known, larges, huges
}

// change sets what if part is more than the given per cent of all, and resets it if it is at most
// unset per cent.
func change(what *atomic.Bool, part, all, set, unset uint64) {
	switch {
	case part*100 > all*set:
		what.Store(true)
	case part*100 <= all*unset:
		what.Store(false)
	}
}
