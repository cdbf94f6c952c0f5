//go:build linux

package sched

import "sync/atomic"

// Placement decides where the receives of one connection wait. Connections that are at work at the
// same time are better served together, and a crowd of them in another way than a few. So it
// estimates how many there are by the gap: how many receives of its group of Ps end after one of
// its own, up to and with its next one. Its owner is that of the connection's reading direction.
//
//	few    The next receive waits in the runtime's poller, where the scheduler itself hands the
//	       connection over. If the gap is crowdFrom or more joinAfter times -> crowd.
//	crowd  Before a receive the others have their turn; see Turn. If the gap is less than stayFrom
//	       leaveAfter times -> few.
//
// What has not come after a turn waits in the poller, too. Only while one P serves all connections
// a crowd waits on a ring, where one io_uring_enter carries many requests: with several the thread
// that armed a receive would have to be interrupted, or woken, for each. It does not where turns
// are wasted, for then the requests trickle in and there is nothing to carry together, nor where
// the crowd is too large. docs/performance.md has the measurements.
type Placement struct {
	w       *worker
	last    uint64 // arrivals when the last receive ended
	crowd   bool   // one of many
	score   int8   // in a crowd from leaveAfter down to 0, else from 0 up to joinAfter
	large   bool   // the last gap was tooLargeFrom or more
	untried uint8  // receives without a turn, while turns are wasted

	// alone is how many gaps in a row were 1, as those of an only connection are, up to aloneAfter.
	// The owner stores it, and only when it changes; any goroutine may load it.
	alone atomic.Uint32

	turn Turn
}

const (
	aloneAfter = 16

	// A gap of crowdFrom or more is one of a crowd; stayFrom is enough to stay in it. From
	// surelyFrom on it counts twice.
	crowdFrom  = 7
	stayFrom   = crowdFrom * 2 / 3
	surelyFrom = 4 * crowdFrom

	joinAfter  = 4  // so many such gaps in a row make the connection one of a crowd
	leaveAfter = 16 // so many smaller ones end that: some come fast after each other in any crowd

	tooLargeFrom = 1500 // a gap of a crowd that is too large for a ring
)

// severalPs is set once a receive has ended on another P than the first. With one P the goroutines
// of all connections run on the thread that arms their receives.
var severalPs atomic.Bool

// Waited says what a receive waited for.
type Waited int8

// What a receive waits for.
const (
	ForNothing Waited = iota // it was tried at once
	OnRing                   // a completion; these are counted where they are reaped
	InPoller                 // readiness, told by the runtime's poller
	OffRing                  // the same, of a receive that must not wait on a ring
	InStream                 // the same, of more of a stream, which can have any number of them
	InTurn                   // only for others, which had their turn first
)

// Note says that a receive has ended that had to wait. If it waited in the poller for want of a
// ring, it makes one.
func (p *Placement) Note(waited Waited) {
	number := currentP()
	if number != 0 && !severalPs.Load() {
		severalPs.Store(true)
	}
	w := workerOf(number)
	now := w.counters.note(waited)
	gap := now - p.last
	sameGroup := p.w == w
	p.w, p.last = w, now
	if sameGroup {
		p.update(gap)
		w.assessIfDue(now)
	}
	if waited == InPoller && p.belongsOnRing() {
		w.ensureRing()
	}
}

// note counts a receive that had to wait, and returns the number of arrivals.
func (c *counters) note(waited Waited) uint64 {
	switch waited {
	case InPoller, OffRing, InStream:
		c.Watched.Add(1)
	case InTurn:
		c.Turns.Add(1)
	}
	if waited == OnRing || waited == InStream {
		return c.arrivals.Load()
	}
	return c.arrivals.Add(1)
}

// update draws the conclusions from one gap.
func (p *Placement) update(gap uint64) {
	p.large = gap >= tooLargeFrom
	p.countAlone(gap)
	if p.crowd {
		p.score = step(p.score, gap >= stayFrom, leaveAfter)
		p.crowd = p.score > 0
		return
	}
	p.score = step(p.score, gap >= crowdFrom, joinAfter)
	if gap >= surelyFrom {
		p.score = step(p.score, true, joinAfter)
	}
	if p.score == joinAfter {
		p.score, p.crowd = leaveAfter, true
	}
}

func (p *Placement) countAlone(gap uint64) {
	switch alone := p.alone.Load(); {
	case gap <= 1 && alone < aloneAfter:
		p.alone.Store(alone + 1)
	case gap > 1 && alone > 0:
		p.alone.Store(0)
	}
}

// step counts up to most, or down to 0.
func step(score int8, up bool, most int8) int8 {
	if up {
		return min(score+1, most)
	}
	return max(score-1, 0)
}

// OnRing reports whether the next receive is to wait on a ring, and there is one near.
func (p *Placement) OnRing() bool { return p.belongsOnRing() && ringNear() }

// belongsOnRing reports whether the receives are to wait on a ring, where there is one.
func (p *Placement) belongsOnRing() bool {
	switch waitPolicy.Load() {
	case waitInPoller:
		return false
	case waitOnRing:
		return true
	}
	return p.crowd && !p.large && !severalPs.Load() && !p.w.wasted.most.Load()
}

// Alone reports whether no other connection is at work. Any goroutine may call it.
func (p *Placement) Alone() bool { return p.alone.Load() == aloneAfter }

// tryTurnEvery is how many receives there are, while turns are wasted, for each that has a turn all
// the same: so a change is noticed.
const tryTurnEvery = 16

// AwaitTurn lets the others have their turn first, and reports whether it did: not if they are few,
// and seldom if turns are wasted. An interruption of s ends it early. The caller then tries to
// receive.
func (p *Placement) AwaitTurn(s *PollSide) bool {
	if !p.crowd {
		return false
	}
	if p.w.wasted.most.Load() {
		if p.untried++; p.untried%tryTurnEvery != 0 {
			return false
		}
	}
	_ = p.turn.await(s) // the next wait says it again
	return true
}

// TriedAfter says whether a receive has found something that had waited only for others, or for
// nothing. An empty-handed one was wasted, unless an interruption of s has cut it short.
func (p *Placement) TriedAfter(waited Waited, s *PollSide, found bool) {
	switch {
	case waited == ForNothing:
	case found:
		p.Note(waited)
	case waited == InTurn && s.interruption() == nil:
		p.w.counters.Misses.Add(1)
	}
}
