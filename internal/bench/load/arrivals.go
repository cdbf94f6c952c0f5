//go:build linux

package load

import (
	"math/rand/v2"
	"time"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// arrival is one request of an open loop.
type arrival struct {
	at    int64 // when it is to be sent, in nanoseconds of the schedule
	conn  int
	burns bool // its handler is to burn CPU
}

// arrivals draws the requests of an open loop: a Poisson process, whose gaps are exponential, with
// the connection of each drawn uniformly. The seed decides all of them, so that every server gets
// the same.
type arrivals struct {
	rng   *rand.Rand
	mean  float64 // of the gaps, in nanoseconds in which a burst lasts
	busy  float64 // such nanoseconds until the last arrival
	burst workload.Burst
	conns int
	oneIn int // that burns; 0 for none
}

func newArrivals(w workload.Workload, seed uint64) *arrivals {
	const stream = 1 // of the generators with this seed
	a := &arrivals{
		rng:   rand.New(rand.NewPCG(seed, stream)),
		mean:  float64(time.Second) / w.Rate,
		burst: w.Burst,
		conns: w.Conns,
		oneIn: w.BurnOneIn,
	}
	if b := w.Burst; b.On > 0 {
		// The bursts carry what the pauses do not.
		a.mean *= float64(b.On) / float64(b.On+b.Off)
	}
	return a
}

// next draws the next arrival; it is not before the last one.
func (a *arrivals) next() arrival {
	a.busy += a.rng.ExpFloat64() * a.mean
	next := arrival{at: a.withPauses(int64(a.busy)), conn: a.rng.IntN(a.conns)}
	if a.oneIn > 0 {
		next.burns = a.rng.IntN(a.oneIn) == 0
	}
	return next
}

// withPauses adds to a time that counts only while bursts last the pauses between them.
func (a *arrivals) withPauses(busy int64) int64 {
	if a.burst.On == 0 {
		return busy
	}
	return busy + busy/int64(a.burst.On)*int64(a.burst.Off)
}
