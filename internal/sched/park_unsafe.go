//go:build linux && !race

package sched

import (
	"sync/atomic"
	"unsafe"
)

// Parking by the runtime's own means. Under -race park_race.go takes the place of this file: the
// detector cannot follow atomics on the scheduler's stack.

const (
	waitReasonIOWait = 2 // runtime.waitReasonIOWait: "IO wait" in goroutine dumps
	traceBlockNet    = 2 // runtime.traceBlockNet: "network" in execution traces
)

// Future is a parking place for one goroutine. Its state is
//
//	0        nobody waits and nothing has happened
//	notified Notify came first: the next Wait returns at once
//	else     the g that waits; Notify makes it runnable
//
// The zero Future is ready to use. Runtime g structures are never freed or moved, so a uintptr may
// name one.
type Future struct {
	state atomic.Uintptr
}

const notified = 1

// Wait parks until Notify is called, or returns at once if it was called since the last Wait. One
// goroutine at a time may wait.
func (f *Future) Wait() {
	if f.take() {
		return
	}
	gopark(commitPark, unsafe.Pointer(f), waitReasonIOWait, traceBlockNet, 2)
}

// commitPark runs on the scheduler's stack once the goroutine is parked; false resumes it.
func commitPark(g, lock unsafe.Pointer) bool {
	f := (*Future)(lock)
	if f.state.CompareAndSwap(0, uintptr(g)) {
		return true
	}
	f.state.Store(0) // only Notify can have come between, and it is consumed here
	return false
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
		default:
			if f.state.CompareAndSwap(s, 0) {
				goready(*(*unsafe.Pointer)(unsafe.Pointer(&s)), 2)
				return
			}
		}
	}
}
