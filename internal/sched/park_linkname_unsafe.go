//go:build linux && !uringnet_nolinkname && !race

package sched

import (
	"sync/atomic"
	"unsafe"
)

// This is the only file that reaches into the runtime. The build tag uringnet_nolinkname replaces it by
// park_channel.go; so does -race, whose detector sees channels but not gopark.

//go:linkname gopark runtime.gopark
func gopark(unlockf func(g, lock unsafe.Pointer) bool, lock unsafe.Pointer, reason, traceReason uint8, traceskip int)

//go:linkname goready runtime.goready
func goready(g unsafe.Pointer, traceskip int)

//go:linkname goyield runtime.goyield
func goyield()

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

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
// The zero Future is ready to use. Runtime g structures are never freed or moved, so a uintptr may name one.
type Future struct {
	state atomic.Uintptr
}

const notified = 1

// Wait parks until Notify is called, or returns at once if it was called since the last Wait. One
// goroutine at a time may wait.
func (f *Future) Wait() {
	if f.state.CompareAndSwap(notified, 0) {
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

// Notify wakes the waiting goroutine, or lets the next Wait return at once. Any goroutine may call it.
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

// yield lets the goroutines that are runnable on this P go first.
func yield() { goyield() }

// currentP is the number of the P that runs the caller, a hint that is stale as soon as it returns.
func currentP() int {
	p := procPin()
	procUnpin()
	return p
}
