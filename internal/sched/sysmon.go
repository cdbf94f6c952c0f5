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
// poller when nobody else does. Once it finds all Ps idle it sleeps, for a minute or until the next
// timer or a system call that the scheduler is told of, as are those of package net. A P that gets
// work because something is ready in the poller does not wake it.
//
// We do not tell the scheduler of most calls. So whenever something that we wait for in the poller
// is ready a timer must be pending, or else a handler that computes then keeps all others from
// their data for as long as it does, also with other Ps idle.
//
//	asleep   The timer is not pending. keepSysmonAwake sets it and wakes the monitor -> stirred.
//	quiet    The timer is pending. keepSysmonAwake -> stirred; the timer -> asleep.
//	stirred  The timer is pending, and something was ready since it was set. The timer sets itself
//	         again -> quiet.
//
// Whoever runs has come to run from the poller, which is this case, or by a timer, a system call or
// another goroutine that runs. So nothing else needs to keep the monitor awake.
const (
	asleep = iota
	quiet
	stirred
)

// sysmonEvery bounds how long the monitor sleeps. It is what the runtime makes of it while a P is
// at work.
const sysmonEvery = 10 * time.Millisecond

// sysmon is one of the states above. Who changes it from asleep sets the timer; the timer's
// function changes it to asleep, or sets the timer.
var sysmon atomic.Uint32

// sysmonTimer is made before there can be a testing/synctest bubble, whose clock it must not have.
var sysmonTimer *time.Timer

func init() {
	sysmonTimer = time.AfterFunc(math.MaxInt64, sysmonDue)
	sysmonTimer.Stop()
}

// keepSysmonAwake says that something was ready in the runtime's poller. Between that and the call
// nobody runs on the caller's P who may compute.
func keepSysmonAwake() {
	if sysmon.Load() != stirred {
		stirSysmon()
	}
}

func stirSysmon() {
	if sysmon.Swap(stirred) != asleep {
		return
	}
	resetTimer(sysmonTimer, nanotime()+int64(sysmonEvery), 0)
	// After that: the monitor looks for timers when it goes to sleep, which it does not do while we
	// run. If it sleeps it has not seen this one.
	syscall.Syscall(unix.SYS_GETPID, 0, 0, 0)
}

func sysmonDue() {
	if sysmon.CompareAndSwap(quiet, asleep) {
		return
	}
	sysmon.Store(quiet)
	sysmonTimer.Reset(sysmonEvery)
}
