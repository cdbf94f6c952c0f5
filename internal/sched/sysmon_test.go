//go:build linux

package sched

import (
	"testing"
	"testing/synctest"

	"github.com/uringnet/uringnet/internal/testutil"
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
	testutil.Eventually(t, "the timer to be off", func() bool { return sysmonState.Load() == timerOff })
}
