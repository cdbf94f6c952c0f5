//go:build linux

package sched

import "sync/atomic"

// Pace estimates how many connections of a group of Ps are at work at the same time, from the view of one of them: by the number
// of receives that ended between two of its own. Its owner is that of the connection's reading direction.
type Pace struct {
	w     *worker
	last  uint64 // arrivals when the last receive ended
	score int8   // 0 to certain, or in a crowd to sure
	crowd bool   // score has come to certain, and not to 0 since
	some  bool   // someFrom or more receives ended between the last two
	luck  int8   // calls of LetOthers, up to luckMax
}

// A crowd is worth a ring: one io_uring_enter carries many receives, and they are served in turn. A connection that is nearly alone
// gains nothing by it, and with several Ps neither does one of a very large crowd, whose data comes long after it was asked for:
// then the thread that armed the receive has to be interrupted, or woken, for each. See docs/performance.md.
const (
	someFrom  = 4
	crowdFrom = 12
	crowdTo   = 350
	certain   = 4  // receives in a row after which a connection is in a crowd
	sure      = 16 // receives in a row after which one is not any more: some come fast after each other in any crowd
)

// severalPs is set once a receive has ended on another P than the first. With one P the goroutines of all connections run on the
// thread that arms their receives, and there is no crowd too large for a ring.
var severalPs atomic.Bool

// Note says that a receive has ended that had to wait: on a ring, whose completions are counted where they are reaped, or not.
func (p *Pace) Note(onRing bool) {
	number := currentP()
	if number != 0 && !severalPs.Load() {
		severalPs.Store(true)
	}
	w := workerOf(number)
	if !onRing {
		w.counters.watched.Add(1)
	}
	now := w.counters.arrivals()
	gap := now - p.last
	known := p.w == w
	p.w, p.last = w, now
	if known {
		p.judge(gap)
	}
}

func (p *Pace) judge(gap uint64) {
	p.some = gap >= someFrom
	if p.crowd {
		p.score = step(p.score, gap >= crowdFrom/2 && (gap < crowdTo*2 || !severalPs.Load()), sure)
		p.crowd = p.score > 0
		return
	}
	p.score = step(p.score, gap >= crowdFrom && (gap < crowdTo || !severalPs.Load()), certain)
	if p.score == certain {
		p.score, p.crowd = sure, true
	}
}

// step counts up to most, or down to 0.
func step(score int8, up bool, most int8) int8 {
	if up {
		return min(score+1, most)
	}
	return max(score-1, 0)
}

// Crowd reports whether the connection is one of many that are at work.
func (p *Pace) Crowd() bool { return p.crowd && waitPolicy.Load() != waitInPoller }

// luckMax is how many receives wait by letting other goroutines go first, before one does not. While there are always some that need not
// wait in the poller, the scheduler does not look at it, and whoever does would starve.
const luckMax = 2

// LetOthers lets the goroutines that are runnable on this P go first, if connections of others are at work.
// A request that follows a response often comes while those of others are served: then nobody need wait for it.
func (p *Pace) LetOthers() {
	if !p.some {
		return
	}
	if p.luck++; p.luck > luckMax {
		p.luck = 0
		return
	}
	yield()
}
