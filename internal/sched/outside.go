//go:build linux

package sched

import (
	"runtime"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
)

// Outside is what this package waits for, and what it cannot decide itself: rings, the runtime's
// poller, and when a goroutine of its own begins to run.
type Outside struct {
	NewRing func(ring.Config) (*ring.Ring, error)
	Poller  Poller
	Spawn   func(func())

	// LockThread gives the calling goroutine a thread of its own.
	LockThread func()
}

// Poller are the functions of the runtime's poller. A pd is its descriptor of a file, a mode 'r',
// 'w', or their sum for both.
type Poller struct {
	Open        func(fd uintptr) (pd uintptr, errno int)
	Close       func(pd uintptr)
	Reset       func(pd uintptr, mode int) (code int)
	Wait        func(pd uintptr, mode int) (code int)
	SetDeadline func(pd uintptr, nanoseconds int64, mode int)
	Unblock     func(pd uintptr)
}

// outside changes only when a simulation begins.
var outside = Outside{
	NewRing: ring.New,
	Poller:  Poller{pollOpen, pollClose, pollReset, pollWait, pollSetDeadline, pollUnblock},
	Spawn:   spawnOutsideBubbles,

	LockThread: runtime.LockOSThread,
}

// Simulation is a world in which this package runs by itself, for internal/simulation: the same
// code on another outside.
type Simulation struct {
	Outside
	Wait      string        // as URINGNET_WAIT
	Patience  time.Duration // of the completer and the flusher
	SeveralPs bool          // as if receives had ended on several Ps
}

// Simulate forgets all groups of Ps and all disks, and begins a simulation. Nothing waits in this
// package then, but the goroutines of earlier simulations. The error says that Wait makes no sense.
func Simulate(s Simulation) error {
	outside = s.Outside
	groups.workers.Store(nil)
	severalPs.Store(s.SeveralPs)
	sysmonState.Store(timerRepeats) // as if the timer were pending: no monitor is needed
	workerOf(0).patience = s.Patience
	for _, d := range allDisks() {
		if d.bell != nil {
			d.bell.Close()
		}
	}
	disks.all.Store(nil)
	disks.nextTry.Store(0)
	_, err := SetWait(s.Wait)
	return err
}

// ProvokeFlushers makes every flusher, and every server of a disk, call its outside, which may end
// its goroutine: at the end of a simulation, when nothing waits any more.
func ProvokeFlushers() {
	for _, d := range allDisks() {
		d.add(new(FileRequest))
	}
	for _, w := range all() {
		w.mu.Lock()
		w.patience = -1
		started := w.started
		w.mu.Unlock()
		if started {
			w.queue(new(Turn), new(Future))
		}
	}
}
