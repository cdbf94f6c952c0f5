//go:build linux

package sched

import "sync/atomic"

// Pace estimates how many connections of a group of Ps are at work at the same time, from the view
// of one of them. Its owner is that of the connection's reading direction.
//
//	few   The next receive waits in the runtime's poller, where the scheduler itself hands the connection over. If many receives end
//	      between two of its own, several times -> many.
//	many  Before a receive the others have their turn; see Turn. What has not come by then is waited for on a ring, where one
//	      io_uring_enter carries many requests and they are served in turn. If few receives end between two of its own, many times -> few.
//
// With several Ps a huge crowd waits in the poller, and has no turns: the thread that armed a
// receive would have to be interrupted, or woken, for each. If turns are in vain few receives have
// one, and a smaller crowd waits in the poller. Those are found out by the worker, see judgement.
// See docs/performance.md.
type Pace struct {
	w     *worker
	last  uint64 // arrivals when the last receive ended
	score int8   // few: 0 to certain; many: 0 to sure
	crowd bool   // many
	some  bool   // someFrom or more receives ended between the last two
	alone uint8  // how many receives in a row ended with no other between, up to aloneAfter
	luck  int8   // calls of LetOthers, up to luckMax

	probes uint8 // receives without a turn
	turn   Turn
}

const (
	aloneAfter  = 16
	someFrom    = 4
	crowdFrom   = 7
	clearly     = 4 * crowdFrom
	largeFrom   = 1500
	largeInVain = 350
	certain     = 4  // receives in a row after which a connection is one of many, or half as many if they are clearly many
	sure        = 16 // receives in a row after which one is not any more: some come fast after each other in any crowd
)

// severalPs is set once a receive has ended on another P than the first. With one P the goroutines
// of all connections run on the thread that arms their receives.
var severalPs atomic.Bool

// Waited says what a receive waited for.
type Waited int8

// What a receive waits for.
const (
	OnRing   Waited = iota // a completion; these are counted where they are reaped
	InPoller               // readiness
	InStream               // readiness, of more of the same: one connection can have any number of them
	InTurn                 // only for others, which had their turn first
	ByLuck                 // only for others, which were let go first
)

// Note says that a receive has ended that had to wait.
func (p *Pace) Note(waited Waited) {
	number := currentP()
	if number != 0 && !severalPs.Load() {
		severalPs.Store(true)
	}
	w := workerOf(number)
	now := w.counters.note(waited)
	gap := now - p.last
	known := p.w == w
	p.w, p.last = w, now
	if known {
		p.judge(gap)
		if waited != InStream {
			w.counters.noteGap(gap)
		}
		w.judgeIfDue(now)
	}
}

// note counts a receive that had to wait, and returns the number of arrivals.
func (c *counters) note(waited Waited) uint64 {
	switch waited {
	case InPoller:
		c.watched.Add(1)
	case InTurn:
		c.turns.Add(1)
	case ByLuck:
		c.lucky.Add(1)
	case InStream:
		c.streamed.Add(1)
		return c.arrivals.Load()
	case OnRing:
		return c.arrivals.Load()
	}
	return c.arrivals.Add(1)
}

// noteGap counts a receive that ended after so many others.
func (c *counters) noteGap(gap uint64) {
	c.known.Add(1)
	if gap >= largeInVain {
		c.large.Add(1)
	}
	if gap >= largeFrom {
		c.huge.Add(1)
	}
}

func (p *Pace) judge(gap uint64) {
	p.some = gap >= someFrom
	if gap > 1 {
		p.alone = 0
	} else if p.alone < aloneAfter {
		p.alone++
	}
	if p.crowd {
		p.score = step(p.score, gap >= crowdFrom*2/3, sure)
		p.crowd = p.score > 0
		return
	}
	many := gap >= crowdFrom
	p.score = step(p.score, many, certain)
	if many && gap >= clearly {
		p.score = step(p.score, many, certain)
	}
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

// OnRing reports whether the next receive is to wait on a ring, and there is one.
func (p *Pace) OnRing() bool {
	switch waitPolicy.Load() {
	case waitInPoller:
		return false
	case waitOnRing:
		return current().hasRing()
	}
	if !p.crowd {
		return false
	}
	j := &p.w.judgement
	if j.huge.Load() || j.vain.Load() && j.large.Load() {
		return false
	}
	return current().hasRing()
}

// Alone reports whether no other connection is at work.
func (p *Pace) Alone() bool { return p.alone == aloneAfter }

// luckMax is how many receives wait by letting other goroutines go first, before one does not.
// While there are always some that need not wait in the poller, the scheduler does not look at it,
// and whoever does would starve.
const luckMax = 2

// LetOthers lets the goroutines that are runnable on this P go first, if connections of others are
// at work, and reports whether it did. In a huge crowd it does not: who is lucky is served more
// often than who waits.
func (p *Pace) LetOthers() bool {
	if !p.some || p.w.judgement.huge.Load() {
		return false
	}
	if p.luck++; p.luck > luckMax {
		p.luck = 0
		return false
	}
	goyield()
	return true
}

// probeEvery is how many receives have no turn, while turns are in vain, before one that has.
const probeEvery = 16

// AwaitTurn lets the others have their turn first, and reports whether it did: not if they are few,
// or a huge crowd, and seldom if turns are in vain. The error is an interruption of s before that.
// The caller tries to receive then, and tells TurnEnded.
func (p *Pace) AwaitTurn(s *Side) (bool, error) {
	if !p.crowd || p.w.judgement.huge.Load() {
		return false, nil
	}
	if p.w.judgement.vain.Load() {
		if p.probes++; p.probes%probeEvery != 0 {
			return false, nil
		}
	}
	return true, p.turn.await(s)
}

// TurnEnded says whether a receive found something after a turn.
func (p *Pace) TurnEnded(found bool) {
	if found {
		p.Note(InTurn)
	} else {
		p.w.counters.misses.Add(1)
	}
}
