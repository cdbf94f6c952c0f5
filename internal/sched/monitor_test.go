//go:build linux

package sched

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// The timer is pending while anything is ready now and then, and not for much longer. A testing/synctest bubble, which has a clock of its own, leaves it alone.
func TestMonitorTimer(t *testing.T) {
	awaitUnwatched(t)
	synctest.Test(t, func(t *testing.T) {
		stir()
		if s := monitor.Load(); s != unwatched {
			t.Errorf("after a stir in a bubble the state is %d", s)
		}
	})
	for tries := 0; ; tries++ {
		if stir(); monitor.Load() != unwatched {
			break
		}
		if tries == 100 { // one alone may have come after the timer
			t.Fatal("after a stir the timer is not pending")
		}
	}
	awaitUnwatched(t)
}

// awaitUnwatched waits until nothing has been ready for two periods.
func awaitUnwatched(t *testing.T) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); monitor.Load() != unwatched; runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatalf("the state stays %d", monitor.Load())
		}
	}
}
