//go:build linux

package sched

import "sync/atomic"

// Turn is the place of a connection in the queue of those that are about to receive: in a crowd
// they wait for each other before any of them waits for its peer.
//
// A connection that has answered has most likely not got the next request yet; when the others have
// had their turn it has. Then one recv(2) is all that the receive costs: no request on a ring, no
// readiness, no thread to interrupt. The queue is the worker's and not the scheduler's own, which
// goroutines that only yield keep full for ever: the scheduler looks at the runtime's poller when
// its run queue is empty, and seldom at its global queue before. Between two batches of turns the
// run queue is empty.
//
//	idle    Its owner queues it -> queued.
//	queued  A drain of the worker takes a batch from the front of the queue and notifies the
//	        owners -> idle. An owner that is interrupted does not wait any more, and finds itself
//	        queued, or idle, the next time.
//
// A queue that is not empty is drained: awake is positive, or there is, or is about to be, a
// completion that makes the completer come. A goroutine that takes completions without draining
// calls ensureTurnsServed.
type Turn struct {
	// queued is set by the owner, and reset before fut is notified; the owner loads it before it
	// waits for fut.
	queued atomic.Bool

	// Under worker.mu while queued.
	fut  *Future
	next *Turn
}

// turns is a queue, first in, first out. worker.mu is held.
type turns struct {
	first, last *Turn
}

func (q *turns) empty() bool { return q.first == nil }

func (q *turns) add(t *Turn) {
	if q.first == nil {
		q.first = t
	} else {
		q.last.next = t
	}
	q.last = t
}

// take removes up to n from the front and returns the first of them.
func (q *turns) take(n int) (first *Turn) {
	if n <= 0 || q.first == nil {
		return nil
	}
	first = q.first
	t := first
	for n--; n > 0 && t.next != nil; n-- {
		t = t.next
	}
	q.first, t.next = t.next, nil
	return first
}

// await parks until the turn has come, or until s is interrupted, which the error says.
func (t *Turn) await(s *PollSide) error {
	if !t.queued.Load() {
		current().queue(t, &s.fut)
	}
	for t.queued.Load() {
		if err := s.interruption(); err != nil {
			return err
		}
		region := beginRegion(inTurnRegion)
		s.fut.Wait()
		endRegion(region)
	}
	return nil
}

func (w *worker) queue(t *Turn, f *Future) {
	w.mu.Lock()
	w.start()
	t.fut = f
	t.queued.Store(true)
	undrained := w.awake == 0 && w.turns.empty()
	w.turns.add(t)
	w.wakeFlusherIf(undrained)
}

// ensureTurnsServed sees to it that the turns are drained.
func (w *worker) ensureTurnsServed() {
	w.mu.Lock()
	w.wakeFlusherIf(w.awake == 0 && !w.turns.empty())
}

// wakeFlusherIf is called with mu held, which it unlocks.
func (w *worker) wakeFlusherIf(needed bool) {
	if needed {
		w.awake++
	}
	w.mu.Unlock()
	if needed {
		w.flusher.Notify()
	}
}

// turnBatch is how many turns are given at once with several Ps. Another P steals half of a batch,
// and perhaps the goroutine that drains, which gives the next ones then before the first have been
// served. A connection that has waited for so short a time finds nothing.
const turnBatch = 16

// turnsAfter is how many turns are given in a pass that has reaped so many completions: both
// together fit into the run queue of a P.
func turnsAfter(reaped int) int {
	if severalPs.Load() {
		return turnBatch
	}
	return reapBatch - reaped/2
}

// giveTurns readies up to n goroutines whose turn it is, and returns their number.
func (w *worker) giveTurns(n int) (given int) {
	w.mu.Lock()
	first := w.turns.take(n)
	w.mu.Unlock()
	if first == nil {
		return 0
	}
	// The scheduler runs the one first that is readied last.
	for t := first.next; t != nil; given++ {
		next := t.next
		t.give()
		t = next
	}
	first.give()
	return given + 1
}

func (t *Turn) give() {
	f := t.fut
	t.next = nil
	t.queued.Store(false) // from here on t is its owner's
	f.Notify()
}
