//go:build linux && race

package sched

import "sync/atomic"

// Future is a parking place for one goroutine that remembers one notification. The zero Future is
// ready to use. This is the variant of park_unsafe.go for the race detector: it parks on a
// semaphore of the runtime, which belongs to no testing/synctest bubble, as a channel would.
//
//	0        nobody waits and nothing has happened
//	notified Notify came first: the next Wait returns at once
//	waiting  the owner waits for the semaphore, or is about to; Notify releases it
type Future struct {
	state atomic.Uint32
	sema  uint32
}

const (
	notified = 1
	waiting  = 2
)

// Wait parks until Notify is called, or returns at once if it was called since the last Wait. One
// goroutine at a time may wait.
func (f *Future) Wait() {
	if f.state.CompareAndSwap(0, waiting) {
		semacquire(&f.sema)
		return
	}
	f.take() // only Notify can have come between
}

// take consumes a notification, if there is one, and reports whether there was.
func (f *Future) take() bool { return f.state.CompareAndSwap(notified, 0) }

// Notify wakes the waiting goroutine, or lets the next Wait return at once. Any goroutine may call
// it.
func (f *Future) Notify() {
	for {
		switch s := f.state.Load(); s {
		case notified:
			return
		case 0:
			if f.state.CompareAndSwap(0, notified) {
				return
			}
		case waiting:
			if f.state.CompareAndSwap(waiting, 0) {
				semrelease(&f.sema)
				return
			}
		}
	}
}
