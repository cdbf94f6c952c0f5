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
// all Ps idle it sleeps, until the next timer or until a system call that the scheduler is told of, as are those of package net. A P that
// comes to work since something is ready in the poller does not wake it. We do not tell the scheduler of most calls. So whenever something
// that we wait for in the poller is ready a timer must be pending, or else a handler that computes then keeps all others from their data for as
// long as it does, also with other Ps idle.
//
//	unwatched  The timer is not pending. stir sets it and wakes the monitor -> stirred.
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

// monitor is one of the states above; whoever changes it to stirred or quiet from another one acts on what it was.
var monitor atomic.Uint32

// monitorTimer is made before there can be a testing/synctest bubble, whose timers cannot be set from outside of it.
var monitorTimer *time.Timer

func init() {
	monitorTimer = time.AfterFunc(math.MaxInt64, monitorDue)
	monitorTimer.Stop()
}

// stir says that something was ready in the runtime's poller. The caller has not parked since, and does not before it calls; it may have readied others.
func stir() {
	if monitor.Load() != stirred {
		watchOver()
	}
}

func watchOver() {
	if monitor.Swap(stirred) != unwatched {
		return
	}
	// The monitor looks for timers when it goes to sleep, which it does not do while we run. So it has not seen this one if it sleeps.
	monitorTimer.Reset(monitorEvery)
	syscall.Syscall(unix.SYS_GETPID, 0, 0, 0)
}

func monitorDue() {
	if monitor.CompareAndSwap(quiet, unwatched) {
		return
	}
	monitor.Store(quiet)
	monitorTimer.Reset(monitorEvery)
}
