//go:build linux

package sched

import (
	"runtime"
	"testing"
)

func TestFutureLosesNoWakeUp(t *testing.T) {
	rounds := 300_000
	if testing.Short() {
		rounds = 30_000
	}
	for _, procs := range []int{1, 2, 8} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		ping, pong := new(Future), new(Future)
		go func() {
			for range rounds {
				ping.Wait()
				pong.Notify()
			}
		}()
		for range rounds {
			ping.Notify()
			pong.Wait()
		}
	}
}
