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

// byRun parts rounds by the run that they belong to.
func byRun(rounds []Round) [][]Round {
	var runs [][]Round
	for _, r := range rounds {
		if n := len(runs); n > 0 && runs[n-1][0].Run == r.Run {
			runs[n-1] = append(runs[n-1], r)
		} else {
			runs = append(runs, []Round{r})
		}
	}
	return runs
}

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

// medians are those of the rounds, or with several runs those of their medians.
func medians(rounds []Round) Figures {
	of := func(figure func(Figures) float64) float64 {
		var runs []float64
		for _, run := range byRun(rounds) {
			runs = append(runs, median(collect(run, figure)))
		}
		return median(runs)
	}
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
		i := slices.IndexFunc(base, func(b Round) bool { return b.Run == r.Run && b.Number == r.Number })
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
	var all, runs []float64
	for _, run := range byRun(rounds) {
		if values := ratios(run, base, figure); len(values) > 0 {
			all = append(all, values...)
			runs = append(runs, median(values))
		}
	}
	if len(all) == 0 {
		return Spread{}, false
	}
	s := Spread{Median: median(runs), Min: slices.Min(all), Max: slices.Max(all)}
	if len(runs) > 1 {
		s.Runs = &Ends{Min: slices.Min(runs), Max: slices.Max(runs)}
	}
	return s, true
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
	for i := range c.Servers {
		if s := &c.Servers[i]; ceiling >= 0 && i != base && s.Kind == server.Uringnet {
			s.Headroom = headroom(s.Rounds, c.Servers[ceiling].Rounds, c.Servers[base].Rounds)
		}
	}
}

// headroom is what ServerReport.Headroom says, the median over the runs that all three were part
// of.
func headroom(rounds, ceiling, base []Round) *float64 {
	tops := map[int]float64{} // by run
	for _, run := range byRun(ceiling) {
		if top := median(ratios(run, base, requestRate)); top >= worthwhile {
			tops[run[0].Run] = top
		}
	}
	var shares []float64
	for _, run := range byRun(rounds) {
		values := ratios(run, base, requestRate)
		if top, ok := tops[run[0].Run]; ok && len(values) > 0 {
			shares = append(shares, (median(values)-1)/(top-1))
		}
	}
	if len(shares) == 0 {
		return nil
	}
	share := median(shares)
	return &share
}

// worthwhile is how much faster than the base the ceiling must be for a share of the difference to
// mean something.
const worthwhile = 1.10

// noise is how far apart a server's own rounds are within a run, relative to their median: the
// spread of the middle half, which a single disturbed round does not change.
func noise(rounds []Round, figure func(Figures) float64) float64 {
	var runs []float64
	for _, run := range byRun(rounds) {
		if len(run) > 1 {
			values := collect(run, figure)
			runs = append(runs, (quantile(values, 0.75)-quantile(values, 0.25))/median(values))
		}
	}
	if len(runs) == 0 {
		return 0
	}
	return median(runs)
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
