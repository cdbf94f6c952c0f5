//go:build linux

package sched

import (
	"math"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The runtime's monitor thread (sysmon) preempts goroutines that compute for long, and looks at the poller when nobody else does. Once it finds
// all Ps idle it sleeps, for a minute or until the next timer or a system call that the scheduler is told of, as are those of package net. A P
// that gets work because something is ready in the poller does not wake it. We do not tell the scheduler of most calls. So whenever something
// that we wait for in the poller is ready a timer must be pending, or else a handler that computes then keeps all others from their data for as
// long as it does, also with other Ps idle.
//
//	unwatched  The timer is not pending. stir sets it and wakes the monitor -> stirred; or it only wakes the monitor.
//	quiet      The timer is pending. stir -> stirred; the timer -> unwatched.
//	stirred    The timer is pending, and something was ready since it was set. The timer sets itself again -> quiet.
//
// Whoever runs has come to run from the poller, which is this case, or by a timer, a system call or another goroutine that runs. So nothing
// else needs to stir.
const (
	unwatched = iota
	quiet
	stirred
)

// monitorEvery bounds how long the monitor sleeps. It is what the runtime makes of it while a P is at work.
const monitorEvery = 10 * time.Millisecond

// monitor is one of the states above. Who changes it from unwatched sets the timer; the timer's function changes it to unwatched, or sets the timer.
var monitor atomic.Uint32

// monitorTimer is made before there can be a testing/synctest bubble: the timers of a bubble cannot be set from outside of it.
var monitorTimer *time.Timer

func init() {
	monitorTimer = time.AfterFunc(math.MaxInt64, monitorDue)
	monitorTimer.Stop()
}

// stir says that something was ready in the runtime's poller. Between that and the call nobody runs on the caller's P who may compute.
func stir() {
	if monitor.Load() != stirred {
		watchOver()
	}
}

func watchOver() {
	if monitor.Swap(stirred) != unwatched {
		return
	}
	if inBubble() {
		monitor.Store(unwatched)
	} else {
		monitorTimer.Reset(monitorEvery)
	}
	// After that: the monitor looks for timers when it goes to sleep, which it does not do while we run. If it sleeps it has not seen this one.
	syscall.Syscall(unix.SYS_GETPID, 0, 0, 0)
}

// inBubble reports whether the caller is in a testing/synctest bubble, by whose clock the timer would be set for a time in many years. There the time of day has
// no monotonic reading.
func inBubble() bool {
	now := time.Now()
	return now == now.Round(0)
}

func monitorDue() {
	if monitor.CompareAndSwap(quiet, unwatched) {
		return
	}
	monitor.Store(quiet)
	monitorTimer.Reset(monitorEvery)
}
