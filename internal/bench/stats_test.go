package bench

import (
	"math"
	"testing"

	"github.com/uringnet/uringnet/internal/bench/server"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestQuantile(t *testing.T) {
	for _, test := range []struct {
		values []float64
		q      float64
		want   float64
	}{
		{[]float64{3}, 0.5, 3},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 2, 3}, 0.5, 2.5},
		{[]float64{4, 1, 2, 3, 5}, 0.25, 2},
		{[]float64{4, 1, 2, 3, 5}, 0, 1},
		{[]float64{4, 1, 2, 3, 5}, 1, 5},
	} {
		if got := quantile(test.values, test.q); !near(got, test.want) {
			t.Errorf("quantile(%v, %v) = %v, want %v", test.values, test.q, got, test.want)
		}
	}
	if got := quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}

func TestRatiosCompareTheSameRound(t *testing.T) {
	base := []Round{measured(1, 100, 1, 1), measured(2, 200, 1, 1), measured(3, 300, 1, 1)}
	other := []Round{measured(1, 150, 1, 1), measured(3, 330, 1, 1), measured(4, 999, 1, 1)}
	got := ratios(other, base, requestRate)
	if len(got) != 2 || !near(got[0], 1.5) || !near(got[1], 1.1) {
		t.Errorf("ratios are %v, want [1.5 1.1]: round 2 is missing here, round 4 there", got)
	}
}

func TestFigures(t *testing.T) {
	f := measured(1, 50_000, 8, 900).figures()
	if !near(f.Requests, 50_000) || !near(f.CPU, 8) || !near(f.User, 2) || !near(f.System, 6) || !near(f.Switches, 0.1) {
		t.Errorf("figures are %+v", f)
	}
}

func TestSummarize(t *testing.T) {
	c := reportOf("echo64/64", steady, 0.8).Cells[0]
	net, ring, loop := c.Servers[0], c.Servers[1], c.Servers[2]
	if net.Ratios != nil || net.Headroom != nil {
		t.Errorf("the base is compared with itself: %v", net.Ratios)
	}
	want := Spread{Median: 1.25, Max: 1.25} // of 100,000 and 125,000, with the same jitter
	if got := ring.Ratios.Requests; !near(got.Median, want.Median) || math.Abs(got.Max-want.Max) > 1e-4 {
		t.Errorf("requests/s ratio %v, want %v", got, want)
	}
	if got := ring.Ratios.CPU.Median; math.Abs(got-0.8) > 1e-4 {
		t.Errorf("CPU ratio %v, want 0.8", got)
	}
	if ring.Headroom == nil || !near(*ring.Headroom, 0.25) {
		t.Errorf("headroom is %v, want a quarter of the way from 1 to 2", ring.Headroom)
	}
	if loop.Headroom != nil {
		t.Errorf("the ceiling has headroom %v", *loop.Headroom)
	}
}

func TestSummarizeIncomplete(t *testing.T) {
	c := CellReport{Cell: cellNamed("echo64/64"), Servers: []ServerReport{
		{Name: "net", Kind: server.Net, Error: "it broke"},
		served(server.Uringnet, steady, 1000, 1, 1),
	}}
	c.summarize()
	if c.Servers[1].Ratios != nil {
		t.Errorf("ratios to a server without rounds: %v", c.Servers[1].Ratios)
	}
}

func TestConsistent(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   bool
	}{
		{[]float64{0.9, 0.9, 0.9, 0.9}, false}, // four heads in a row are nothing special
		{[]float64{0.9, 0.9, 0.9, 0.9, 0.9}, true},
		{[]float64{1.1, 1.1, 1.1, 1.1, 1.1}, true},
		{[]float64{0.9, 0.9, 0.9, 0.9, 1.1}, false},
		{[]float64{0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 1.1, 0.9}, true},
		{nil, false},
	} {
		if got := consistent(test.values); got != test.want {
			t.Errorf("consistent(%v) = %v", test.values, got)
		}
	}
}

func TestNoiseIgnoresOneBadRound(t *testing.T) {
	rounds := served(server.Net, []float64{1, 1, 1, 1, 0.3}, 1000, 1, 1).Rounds
	if got := noise(rounds, requestRate); got > 0.01 {
		t.Errorf("noise is %v", got)
	}
	rounds = served(server.Net, []float64{1, 0.5, 1.5, 0.7, 1.3}, 1000, 1, 1).Rounds
	if got := noise(rounds, requestRate); got < 0.5 {
		t.Errorf("noise is %v", got)
	}
}
