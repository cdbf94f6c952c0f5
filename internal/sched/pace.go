//go:build linux

package sched

import "sync/atomic"

// Pace estimates how many connections of a group of Ps are at work at the same time, from the view of one of them: by the number
// of receives that ended between two of its own. Its owner is that of the connection's reading direction.
type Pace struct {
	w     *worker
	last  uint64 // w.arrivals when the last receive ended
	score int8   // from 0 to certain
	crowd bool   // score came to certain later than to 0
}

// A crowd is worth a ring: one io_uring_enter carries many receives, and they are served in turn. A connection that is nearly alone
// gains nothing by it, and with several Ps neither does one of a very large crowd, whose data comes long after it was asked for:
// then the thread that armed the receive has to be interrupted, or woken, for each. See docs/performance.md.
const (
	crowdFrom = 12
	crowdTo   = 350
	certain   = 4 // receives in a row before a Pace is sure
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
	var now uint64
	if onRing {
		now = w.arrivals.Load()
	} else {
		now = w.arrivals.Add(1)
	}
	gap := now - p.last
	known := p.w == w
	p.w, p.last = w, now
	if known {
		p.judge(gap)
	}
}

func (p *Pace) judge(gap uint64) {
	from, to := uint64(crowdFrom), uint64(crowdTo)
	if p.crowd {
		from, to = from/2, to*2
	}
	if gap >= from && (gap < to || !severalPs.Load()) {
		p.score = min(p.score+1, certain)
	} else {
		p.score = max(p.score-1, 0)
	}
	switch p.score {
	case 0:
		p.crowd = false
	case certain:
		p.crowd = true
	}
}

// Crowd reports whether the connection is one of many that are at work.
func (p *Pace) Crowd() bool { return p.crowd && waitPolicy.Load() != waitInPoller }
