package bench

import (
	"math"
	"slices"

	"github.com/uringnet/uringnet/internal/bench/server"
)

// quantile returns the value below which the share q of the values lies, between neighbours in
// proportion.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// collect takes one figure of every round.
func collect(rounds []Round, figure func(Figures) float64) []float64 {
	values := make([]float64, 0, len(rounds))
	for _, r := range rounds {
		values = append(values, figure(r.figures()))
	}
	return values
}

// The figures that are looked at one by one.
func requestRate(f Figures) float64 { return f.Requests }
func cpuTime(f Figures) float64     { return f.CPU }
func p50(f Figures) float64         { return f.P50 }
func p99(f Figures) float64         { return f.P99 }
func p999(f Figures) float64        { return f.P999 }
func idleBytes(f Figures) float64   { return f.IdleBytes }

func medians(rounds []Round) Figures {
	of := func(figure func(Figures) float64) float64 { return median(collect(rounds, figure)) }
	return Figures{
		Requests:  of(requestRate),
		CPU:       of(cpuTime),
		User:      of(func(f Figures) float64 { return f.User }),
		System:    of(func(f Figures) float64 { return f.System }),
		P50:       of(p50),
		P99:       of(p99),
		P999:      of(p999),
		Switches:  of(func(f Figures) float64 { return f.Switches }),
		RSS:       of(func(f Figures) float64 { return f.RSS }),
		IdleBytes: of(idleBytes),
	}
}

// ratios divides a figure of each round by that of the base server in the same round. A
// round that one of the two lacks is left out.
func ratios(rounds, base []Round, figure func(Figures) float64) []float64 {
	var values []float64
	for _, r := range rounds {
		i := slices.IndexFunc(base, func(b Round) bool { return b.Number == r.Number })
		if i < 0 {
			continue
		}
		if below := figure(base[i].figures()); below > 0 {
			values = append(values, figure(r.figures())/below)
		}
	}
	return values
}

// spread looks at the ratios of a figure; it is false if there are none.
func spread(rounds, base []Round, figure func(Figures) float64) (Spread, bool) {
	values := ratios(rounds, base, figure)
	if len(values) == 0 {
		return Spread{}, false
	}
	return Spread{Median: median(values), Min: slices.Min(values), Max: slices.Max(values)}, true
}

func compare(s, base *ServerReport, idle bool) *Ratios {
	var r Ratios
	for _, one := range []struct {
		to     *Spread
		figure func(Figures) float64
	}{
		{&r.Requests, requestRate}, {&r.CPU, cpuTime}, {&r.P50, p50}, {&r.P99, p99}, {&r.P999, p999},
	} {
		var ok bool
		if *one.to, ok = spread(s.Rounds, base.Rounds, one.figure); !ok {
			return nil
		}
	}
	if mem, ok := spread(s.Rounds, base.Rounds, idleBytes); idle && ok {
		r.Idle = &mem
	}
	return &r
}

// base returns the index of the server that the others are compared with: the first on package net,
// or else the first.
func (c *CellReport) base() int {
	return max(0, slices.IndexFunc(c.Servers, func(s ServerReport) bool { return s.Kind == server.Net }))
}

// summarize computes medians, ratios and headroom.
func (c *CellReport) summarize() {
	base := c.base()
	for i := range c.Servers {
		s := &c.Servers[i]
		s.Headroom = nil
		if len(s.Rounds) > 0 {
			s.Median = medians(s.Rounds)
		}
		if i != base {
			s.Ratios = compare(s, &c.Servers[base], c.Work.IdleConns > 0)
		}
	}
	if c.Work.Paced() {
		return // requests/s are given
	}
	ceiling := slices.IndexFunc(c.Servers, func(s ServerReport) bool { return s.Kind == server.Epoll })
	if ceiling < 0 || c.Servers[ceiling].Ratios == nil {
		return
	}
	top := c.Servers[ceiling].Ratios.Requests.Median
	for i := range c.Servers {
		if s := &c.Servers[i]; top >= worthwhile && s.Kind == server.Uringnet && s.Ratios != nil {
			share := (s.Ratios.Requests.Median - 1) / (top - 1)
			s.Headroom = &share
		}
	}
}

// worthwhile is how much faster than the base the ceiling must be for a share of the difference to
// mean something.
const worthwhile = 1.10

// noise is how far apart a server's own rounds are, relative to their median: the spread of the
// middle half, which a single disturbed round does not change.
func noise(rounds []Round, figure func(Figures) float64) float64 {
	if len(rounds) < 2 {
		return 0
	}
	values := collect(rounds, figure)
	return (quantile(values, 0.75) - quantile(values, 0.25)) / median(values)
}

// consistent tells whether more values lie on the same side of 1 than chance explains: the sign
// test, at the level that five values out of five meet. Fewer are never enough.
func consistent(values []float64) bool {
	below := 0
	for _, v := range values {
		if v < 1 {
			below++
		}
	}
	const level = 0.0625
	n := len(values)
	return 2*atLeast(max(below, n-below), n) <= level
}

// atLeast is the probability of k or more heads in n throws of a coin.
func atLeast(k, n int) float64 {
	p, sum := math.Pow(0.5, float64(n)), 0.0
	for i := 0; i <= n; i++ {
		if i >= k {
			sum += p
		}
		p *= float64(n-i) / float64(i+1)
	}
	return sum
}
