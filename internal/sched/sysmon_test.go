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
	stirs := func(t *testing.T) {
		for tries := 0; ; tries++ {
			if keepSysmonAwake(); sysmon.Load() != asleep {
				return
			}
			if tries == 100 { // one alone may have come after the timer
				t.Fatal("something was ready, and the timer is not pending")
			}
		}
	}
	awaitAsleep(t)
	synctest.Test(t, stirs)
	awaitAsleep(t)
	stirs(t)
	awaitAsleep(t)
}

// awaitAsleep waits until nothing has been ready for two periods.
func awaitAsleep(t *testing.T) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); sysmon.Load() != asleep; runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatalf("the state stays %d", sysmon.Load())
		}
	}
}
