//go:build linux

package load

import (
	"math"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// drawn returns the arrivals of the first length of a schedule.
func drawn(w workload.Workload, seed uint64, length time.Duration) []arrival {
	var all []arrival
	for a := newArrivals(w, seed); ; {
		next := a.next()
		if next.at >= int64(length) {
			return all
		}
		all = append(all, next)
	}
}

// The numbers drawn depend on the seed only, so the bounds below hold always or never.
func TestArrivalsKeepTheRate(t *testing.T) {
	const seconds = 10
	for _, w := range []workload.Workload{
		{Rate: 50, Conns: 1},
		{Rate: 20_000, Conns: 100},
		{Rate: 20_000, Conns: 100, Burst: workload.Burst{On: 10 * time.Millisecond, Off: 90 * time.Millisecond}},
	} {
		all := drawn(w, 1, seconds*time.Second)
		want := w.Rate * seconds
		if got := float64(len(all)); math.Abs(got-want) > 4*math.Sqrt(want) { // of a Poisson number
			t.Errorf("%+v: %.0f arrivals, want about %.0f", w, got, want)
		}
	}
}

func TestArrivalsAreRandomMoments(t *testing.T) {
	all := drawn(workload.Workload{Rate: 10_000, Conns: 10}, 1, 10*time.Second)
	mean := float64(time.Second) / 10_000
	long := 0
	for i := 1; i < len(all); i++ {
		gap := float64(all[i].at - all[i-1].at)
		if gap < 0 {
			t.Fatalf("arrival %d is %v ns before the last one", i, -gap)
		}
		if gap > mean {
			long++
		}
	}
	share := float64(long) / float64(len(all))
	if want := math.Exp(-1); math.Abs(share-want) > 0.01 {
		t.Errorf("%.3f of the gaps are longer than the mean, want %.3f as of exponential ones", share, want)
	}
	perConn := make([]int, 10)
	for _, a := range all {
		perConn[a.conn]++
	}
	for i, n := range perConn {
		if want := len(all) / 10; n < want*95/100 || n > want*105/100 {
			t.Errorf("connection %d has %d of %d arrivals, want a tenth", i, n, len(all))
		}
	}
}

func TestArrivalsComeInBursts(t *testing.T) {
	b := workload.Burst{On: 10 * time.Millisecond, Off: 30 * time.Millisecond}
	all := drawn(workload.Workload{Rate: 10_000, Conns: 1, Burst: b}, 1, time.Second)
	if len(all) < 9000 {
		t.Errorf("%d arrivals in a second, want about 10000", len(all))
	}
	for _, a := range all {
		if in := time.Duration(a.at) % (b.On + b.Off); in >= b.On {
			t.Fatalf("an arrival %v after the beginning of a burst of %v", in, b.On)
		}
	}
}

func TestSeedDecidesArrivals(t *testing.T) {
	w := workload.Workload{Rate: 1000, Conns: 50, BurnOneIn: 10}
	one, again, other := drawn(w, 1, time.Second), drawn(w, 1, time.Second), drawn(w, 2, time.Second)
	same := func(a, b []arrival) bool {
		n := 0
		for i := range min(len(a), len(b)) {
			if a[i] == b[i] {
				n++
			}
		}
		return n == len(a) && n == len(b)
	}
	if !same(one, again) {
		t.Error("the same seed draws other arrivals")
	}
	if same(one, other) {
		t.Error("another seed draws the same arrivals")
	}
}

func TestOneInTenArrivalsBurns(t *testing.T) {
	for oneIn, want := range map[int]float64{0: 0, 1: 1, 10: 0.1} {
		burning := 0
		all := drawn(workload.Workload{Rate: 10_000, Conns: 1, BurnOneIn: oneIn}, 1, time.Second)
		for _, a := range all {
			if a.burns {
				burning++
			}
		}
		if share := float64(burning) / float64(len(all)); math.Abs(share-want) > 0.01 {
			t.Errorf("one in %d: %.3f of the requests burn, want %.2f", oneIn, share, want)
		}
	}
}

func TestFlightsAreAQueue(t *testing.T) {
	var q flights
	sent, answered := int64(0), int64(0)
	// It grows at different places of the ring, and keeps the order.
	for _, n := range []int{3, 4, 9, 40} {
		for range n {
			q.push(flight{due: sent})
			sent++
		}
		for range n - 1 {
			if f := q.pop(); f.due != answered {
				t.Fatalf("flight %d came out in the place of %d", f.due, answered)
			}
			answered++
		}
		if q.n != int(sent-answered) {
			t.Fatalf("%d in the queue, want %d", q.n, sent-answered)
		}
	}
}
