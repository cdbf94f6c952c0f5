// Package sched parks the goroutines whose calls would block: in the runtime's poller, in a queue
// of turns, or for requests on rings. There is at most one ring per group of Ps; an operation goes
// to the ring of the P that it is issued on, and the goroutine that reaps its completion wakes the
// one that waits for it. The package knows nothing of package net.
//
// # An operation
//
// An [Op] is one request. Its states, what ends them, and the owner of the memory that it names:
//
//	idle       Nothing is asked for; the memory is the caller's. The owner starts it -> in flight.
//	in flight  Staged or published (see ring.SQ). While it is staged the memory is still ours, and
//	           a cancellation takes the request back -> done. Once it is published the kernel owns
//	           the memory until the final completion, which is reaped -> done.
//	done       The result waits; the memory is the caller's again. The owner takes it -> idle.
//
// Only one goroutine at a time, the owner, calls the methods of an Op; the lock of the socket's
// direction sees to that. The reaper is the only other party, and it acts only on an Op in flight.
// Any other transition panics with the state and the user_data.
//
// # Waiting
//
// A [Future] is a parking place for one goroutine that remembers one notification. The owner looks
// at what it waits for (the Op's state, the deadline), parks, and looks again; a goroutine that
// changes any of these stores first and notifies after. So a wake-up is never lost, and one too
// many does no harm.
//
// A [PollSide] of a [PollDesc] is the other place to wait: the runtime's poller, without a request.
// [Placement] says which of the two is better for a connection at the moment. A [Turn] comes before
// either: it waits for other connections.
//
// # Locks
//
// worker.reapMu is taken before worker.mu, and groups.making before both. Disk.mu, disks.mu and
// PollDesc.mu are taken by themselves; Future.Notify, which takes no lock, is called under the
// last. No lock is held over a system call that may wait, save reapMu over the flush of an
// overflown completion queue, where no other goroutine waits for it.
package sched
