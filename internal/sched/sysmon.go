//go:build linux

package sched

import (
	"math"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The runtime's monitor thread (sysmon) preempts goroutines that compute for long, and looks at the
// poller when no P does. Once it finds all Ps idle it sleeps, for a minute or until the next timer
// or a system call that the scheduler is told of, as are those of package net. A P that gets work
// because something is ready in the poller does not wake it.
//
// We do not tell the scheduler of most calls. So whenever something that we wait for in the poller
// is ready a timer must be pending, or else a handler that computes then keeps all others from
// their data for as long as it does, also with other Ps idle.
//
//	timerOff      The timer is not pending. keepSysmonAwake sets it and wakes the monitor
//	              -> timerRepeats.
//	timerEnds     The timer is pending. keepSysmonAwake -> timerRepeats; the timer -> timerOff.
//	timerRepeats  The timer is pending, and something was ready since it was set. The timer sets
//	              itself again -> timerEnds.
//
// A goroutine that runs has come to run from the poller, which is this case, or by a timer, a
// system call or another goroutine that runs. So nothing else needs to keep the monitor awake.
const (
	timerOff = iota
	timerEnds
	timerRepeats
)

// sysmonEvery bounds how long the monitor sleeps. It is what the runtime makes of it while a P is
// at work.
const sysmonEvery = 10 * time.Millisecond

// sysmonState is one of the states above. The goroutine that changes it from timerOff sets the
// timer; the timer's function changes it to timerOff, or sets the timer.
var sysmonState atomic.Uint32

// sysmonTimer is made before there can be a testing/synctest bubble, whose clock it must not have.
var sysmonTimer *time.Timer

func init() {
	sysmonTimer = time.AfterFunc(math.MaxInt64, sysmonDue)
	sysmonTimer.Stop()
}

// keepSysmonAwake says that something was ready in the runtime's poller. Between that and the call
// no goroutine runs on the caller's P that may compute.
func keepSysmonAwake() {
	if sysmonState.Load() != timerRepeats {
		repeatSysmonTimer()
	}
}

// repeatSysmonTimer has the timer set itself again, or sets it and wakes the monitor.
func repeatSysmonTimer() {
	if sysmonState.Swap(timerRepeats) != timerOff {
		return
	}
	resetTimer(sysmonTimer, nanotime()+int64(sysmonEvery), 0)
	// After that: the monitor looks for timers when it goes to sleep, which it does not do while we
	// run. If it sleeps it has not seen this one.
	syscall.Syscall(unix.SYS_GETPID, 0, 0, 0)
}

// sysmonDue is what the timer calls.
func sysmonDue() {
	if sysmonState.CompareAndSwap(timerEnds, timerOff) {
		return
	}
	sysmonState.Store(timerEnds)
	sysmonTimer.Reset(sysmonEvery)
}
