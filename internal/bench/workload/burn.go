package workload

import (
	"sync/atomic"
	"time"
)

// sink takes the results of Burn, so that the compiler cannot leave its work out.
var sink atomic.Uint64

// Burn spends CPU: loops rounds of arithmetic. A loop that looked at the clock instead would be
// content with time in which the goroutine was preempted, and so burn less than it says.
func Burn(loops int) {
	x := uint64(88172645463325252)
	for range loops {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	sink.Store(x)
}

// CalibrateBurn returns the number of loops that take d on this machine. All servers get the same
// number, so that a wrong one does them the same wrong.
func CalibrateBurn(d time.Duration) int {
	const sample = 1 << 20
	best := time.Duration(1 << 62)
	for range 5 {
		start := time.Now()
		Burn(sample)
		best = min(best, time.Since(start))
	}
	return int(float64(sample) * float64(d) / float64(best))
}
