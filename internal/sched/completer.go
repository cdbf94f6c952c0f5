//go:build linux

package sched

import (
	"fmt"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
)

// A worker has a flusher and, once it has a ring, a completer. Both reap, give turns and flush;
// both count in awake while they run, and leave no staged entry behind when they park.
//
// The completer is parked in the runtime's poller, on the ring's file descriptor: a completion
// makes it readable. The flusher is parked on a Future: an operation that is staged while others
// are about to be staged wakes it, or the first turn in the queue.
//
//	awake   drains completions and turns, readies goroutines, lets them run, flushes what they
//	        staged; when nothing is left -> parked, by the rule publish (awake--), look again, park.
//
// Neither stays awake for much longer than patience at a time if there is more to do. While they
// and those that they wake keep all Ps busy, the scheduler does not look at the runtime's poller,
// and the goroutines that wait there would starve.
//
// Without a ring all that find nothing after their turn wait in the poller, in a small crowd too,
// and not beside the turns on the ring. So the flusher gives up sooner there, if there is one P:
// with several another one looks at the poller.
const (
	patience        = 2 * time.Millisecond
	patienceNoRings = 10 // times as short
)

func (w *worker) completer() {
	r := w.ringed.Load()
	for {
		since := time.Now()
		w.setAwake()
		done := w.drain(since)
		// The poller is edge-triggered and remembers an edge, so a completion that comes after this
		// look wakes us.
		for done && (!r.CQ.Empty() || r.SQ.Overflown()) {
			w.setAwake()
			done = w.drain(since)
		}
		if !done {
			w.provokeEdge()
		}
		w.counters.Parks.Add(1)
		if code := outside.Poller.Wait(r.pd, 'r'); code != pollNoError {
			panic(fmt.Sprintf("uringnet: waiting for an io_uring: code %d of the runtime's poller", code))
		}
	}
}

func (w *worker) flushing() {
	for {
		w.flusher.Wait() // what notifies it has set awake
		goyield()
		for !w.drain(time.Now()) {
			if w.hasRing() {
				w.provokeEdge() // for the completer, if that is parked
				break
			}
			w.counters.Parks.Add(1)
			w.pollRound.await()
			w.setAwake()
		}
	}
}

// overdue reports whether a goroutine that is awake since then is to park.
func (w *worker) overdue(since time.Time) bool {
	awake := time.Since(since)
	if !w.hasRing() && !severalPs.Load() {
		awake *= patienceNoRings
	}
	return awake > w.patience
}

// drain reaps, gives turns and flushes until nothing is left, and takes the caller out of awake. If
// that takes until patience has passed since the time given it gives up: it leaves no staged entry
// then, but perhaps completions and turns, and returns false.
func (w *worker) drain(since time.Time) bool {
	for {
		n := w.reap()
		n += w.giveTurns(turnsAfter(n))
		if n > 0 {
			goyield()
		}
		flushed := w.flush()
		overdue := (flushed || n > 0) && w.overdue(since)
		if (!flushed || overdue) && w.mayPark(overdue) {
			return !overdue
		}
	}
}

// provokeEdge makes the ring's file descriptor readable anew, whatever completions are there
// already.
func (w *worker) provokeEdge() {
	sqe, _ := w.lockWithEntry()
	ring.PrepNop(sqe)
	sqe.SetUserData(ring.NoUserData)
	w.mu.Unlock()
	w.flush()
}

func (w *worker) setAwake() {
	w.mu.Lock()
	w.awake++
	w.mu.Unlock()
}

// mayPark publishes that the caller parks, unless entries are staged, or turns are waited for and
// leaveTurns is false.
func (w *worker) mayPark(leaveTurns bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.ring(); r != nil && r.SQ.Staged() > 0 || !leaveTurns && !w.turns.empty() {
		return false
	}
	w.awake--
	return true
}

// reap completes the operations whose completions are there, readies the goroutines that wait for
// them, and returns the number of completions. It stops after a batch.
func (w *worker) reap() int {
	if !w.hasRing() {
		return 0
	}
	w.reapMu.Lock()
	return w.reapLocked()
}

// reapLocked is reap with reapMu held, which it unlocks.
func (w *worker) reapLocked() int {
	r := w.ring()
	n := r.CQ.Reap(w.batch[:])
	if n < len(w.batch) && r.SQ.Overflown() {
		w.counters.Overflows.Add(1)
		r.FlushOverflow()
		n += r.CQ.Reap(w.batch[n:])
	}
	if n == 0 {
		w.reapMu.Unlock()
		return 0
	}
	w.counters.arrivals.Add(uint64(n))
	w.mu.Lock()
	provoked := 0
	for i := range w.batch[:n] {
		if w.batch[i].UserData == ring.NoUserData {
			provoked++
		}
		if f := w.finish(&w.batch[i], n > 1); f != nil {
			w.wake = append(w.wake, f)
		}
	}
	w.mu.Unlock()
	// Outside mu: a goroutine that runs at once must not find it locked.
	for i, f := range w.wake {
		f.Notify()
		w.wake[i] = nil
	}
	w.wake = w.wake[:0]
	w.reapMu.Unlock()

	keepSysmonAwake() // not with the ring's locks held: it may make a system call
	w.counters.CQEs.Add(uint64(n))
	w.counters.Batches.Add(1)
	return n - provoked // an edge that was provoked is nothing to do, or it would provoke the next
}

// finish hands a completion to its operation and returns the future to notify, or nil. mu is held.
func (w *worker) finish(cqe *ring.CQE, inCrowd bool) *Future {
	if cqe.UserData == ring.NoUserData {
		return nil
	}
	if cqe.UserData&cancelMark != 0 {
		return w.cancelFailed(cqe.UserData &^ cancelMark)
	}
	o := w.table.lookup(cqe.UserData)
	if o == nil {
		w.counters.Stale.Add(1)
		return nil
	}
	w.table.remove(cqe.UserData)
	o.inCrowd = inCrowd
	f := o.fut // once it is complete its owner may use o again
	o.complete(cqe)
	return f
}

// cancelFailed handles a cancellation that found nothing to cancel. Completions come in order, so
// if its operation is still in flight, the request was on its way between two states (io_uring
// waits to try it again) and must be looked for again.
func (w *worker) cancelFailed(userData uint64) *Future {
	o := w.table.lookup(userData)
	if o == nil {
		return nil
	}
	o.cancelFailed.Store(true)
	return o.fut
}
