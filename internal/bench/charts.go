package bench

import (
	"errors"
	"io"
	"math"
	"path/filepath"
	"strings"
)

// latencyFile names the chart of latencies beside that of the ratios: a-latency.svg for a.svg.
func latencyFile(ratios string) string {
	if ratios == "" {
		return ""
	}
	ext := filepath.Ext(ratios)
	return strings.TrimSuffix(ratios, ext) + "-latency" + ext
}

// WriteRatiosSVG draws requests/s and CPU time per request side by side, relative to the base
// server.
func (r *Report) WriteRatiosSVG(w io.Writer) error {
	p := r.newPicture(func(c CellReport, i int) bool { return c.Servers[i].Ratios == nil })
	if len(p.lines) == 0 {
		return errors.New("there are no ratios to draw: measure net and at least one other server")
	}
	p.title = "Relative to " + r.baseName() + r.runsTitle()
	p.note = "dot: median, line: min to max over the rounds; a line that ends at the edge goes on beyond it"
	if len(r.Runs) > 0 {
		p.note = "dot: median, thick line: min to max of the runs' medians, thin line: of all rounds; " +
			"a line that ends at the edge goes on beyond it"
	}
	p.panels = []panel{
		r.ratioPanel(&p, "requests/s (higher is better)", func(x *Ratios) Spread { return x.Requests }),
		r.ratioPanel(&p, "CPU time per request (lower is better)", func(x *Ratios) Spread { return x.CPU }),
	}
	return p.write(w)
}

func (r *Report) ratioPanel(p *picture, title string, ratio func(*Ratios) Spread) panel {
	const width = 360
	same := 1.0
	out := panel{title: title, width: width, level: &same}
	top := same
	for i, c := range r.Cells {
		for _, s := range c.Servers {
			if s.Ratios == nil {
				continue
			}
			v := ratio(s.Ratios)
			out.marks = append(out.marks, mark{cell: i, line: p.line(s.Name), from: v.Min, to: v.Max, runs: v.Runs, dot: v.Median})
			top = max(top, v.Median)
		}
	}
	out.scale = ratioAxis(top)
	return out
}

// WriteLatencySVG draws three percentiles of the latency of each server.
func (r *Report) WriteLatencySVG(w io.Writer) error {
	const width = 800
	p := r.newPicture(func(c CellReport, i int) bool { return len(c.Servers[i].Rounds) == 0 })
	if len(p.lines) == 0 {
		return errors.New("there are no latencies to draw: nothing was measured")
	}
	p.title = "Latency" + r.runsTitle()
	p.note = "ring: p50, dot: p99, end of the line: p99.9; medians over the rounds"
	out := panel{title: "latency, logarithmic (lower is better)", width: width}
	low, high := math.Inf(1), 0.0
	for i, c := range r.Cells {
		for _, s := range c.Servers {
			if f := s.Median; len(s.Rounds) > 0 && f.P50 > 0 {
				low, high = min(low, f.P50), max(high, f.P999)
				p50, p99, p999 := math.Log10(f.P50), math.Log10(f.P99), math.Log10(f.P999)
				out.marks = append(out.marks, mark{cell: i, line: p.line(s.Name), from: p50, to: p999, dot: p99, ring: p50, isRing: true})
			}
		}
	}
	if len(out.marks) == 0 {
		return errors.New("there are no latencies to draw: no request was measured")
	}
	out.scale = logAxis(low, high, microseconds)
	p.panels = []panel{out}
	return p.write(w)
}
