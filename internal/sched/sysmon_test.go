//go:build linux

package sched

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// The timer is pending while anything is ready now and then, and not for much longer, also where
// that is in a testing/synctest bubble, which has a clock of its own.
func TestSysmonTimer(t *testing.T) {
	keepAwake := func(t *testing.T) {
		for tries := 0; ; tries++ {
			if keepSysmonAwake(); sysmonState.Load() != timerOff {
				return
			}
			if tries == 100 { // one alone may have come after the timer
				t.Fatal("something was ready, and the timer is not pending")
			}
		}
	}
	awaitTimerOff(t)
	synctest.Test(t, keepAwake)
	awaitTimerOff(t)
	keepAwake(t)
	awaitTimerOff(t)
}

// awaitTimerOff waits until nothing has been ready for two periods.
func awaitTimerOff(t *testing.T) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); sysmonState.Load() != timerOff; runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatalf("the state stays %d", sysmonState.Load())
		}
	}
}
