package bench

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// finding is what the verdict says about one group of cells.
type finding struct {
	title  string
	tail   bool    // it is about the p99 latency and not about CPU per request
	change float64 // -0.18 for 18 % less
	clear  bool    // beyond the noise
}

// name is the title, with what is compared unless that is CPU time.
func (f *finding) name() string {
	if f.tail {
		return "the p99 latency of " + f.title
	}
	return f.title
}

// judge fills in the warnings and the verdict.
func (r *Report) judge() {
	r.Warnings = slices.Concat(r.Warnings, r.runWarnings(), r.warnings())
	r.Verdict = r.verdict()
}

// verdict says in a sentence whether uringnet helps on this machine.
func (r *Report) verdict() string {
	if backend := r.withoutRing(); backend != "" {
		return "There is nothing to gain on this machine: uringnet itself ran on " + backend + "."
	}
	var less, more, tail, same []string
	findings := r.findings()
	for _, f := range findings {
		percent := fmt.Sprintf("%.0f %%", math.Abs(f.change)*100)
		switch {
		case !f.clear:
			same = append(same, f.name())
		case f.tail && f.change < 0:
			tail = append(tail, percent+" lower for "+f.title)
		case f.tail:
			tail = append(tail, percent+" higher for "+f.title)
		case f.change < 0:
			less = append(less, percent+" less for "+f.title)
		default:
			more = append(more, percent+" more for "+f.title)
		}
	}
	var parts []string
	if cpu := append(less, more...); len(cpu) > 0 {
		parts = append(parts, "uringnet takes this CPU time per request, compared with net: "+list(cpu))
	}
	if len(tail) > 0 {
		parts = append(parts, "the p99 latency of uringnet is "+list(tail))
	}
	if len(same) > 0 {
		parts = append(parts, "net and uringnet do not differ clearly for "+list(same))
	}
	if len(findings) == 0 {
		return "No verdict: that takes measurements of both net and uringnet."
	}
	return "On this machine " + strings.Join(parts, "; ") + "."
}

// withoutRing returns the backend of uringnet if it was not io_uring.
func (r *Report) withoutRing() string {
	for _, c := range r.Cells {
		if i := c.uringnet(); i >= 0 && strings.HasPrefix(c.Servers[i].Backend, "net ") {
			return c.Servers[i].Backend
		}
	}
	return ""
}

// uringnet returns the index of the first server on uringnet, or -1.
func (c *CellReport) uringnet() int {
	return slices.IndexFunc(c.Servers, func(s ServerReport) bool { return s.Kind == server.Uringnet })
}

// compared is what the verdict compares in a cell: CPU time per request, p99 latency, or both.
// Beside handlers that burn all the CPU they can get, CPU time per request tells how many of those
// were served, and nothing about uringnet. Where requests/s are given, latency is what is measured.
func (c *CellReport) compared() (cpu, tail bool) {
	isTail := c.Work.Kind == workload.Tail
	return !isTail, isTail || c.Work.Paced()
}

// findings looks at the rounds of all cells of a group together.
func (r *Report) findings() []finding {
	var groups []*group
	for _, c := range r.Cells {
		if c.uringnet() < 0 || c.Servers[c.base()].Kind != server.Net {
			continue
		}
		cpu, tail := c.compared()
		if cpu {
			groups = add(groups, &c, false, cpuTime)
		}
		if tail {
			groups = add(groups, &c, true, p99)
		}
	}
	var out []finding
	for _, g := range groups {
		if len(g.ratios) > 0 {
			g.judge(g.ratios, median(g.noise))
			out = append(out, g.finding)
		}
	}
	return out
}

// group is a finding with what it is made from.
type group struct {
	finding
	ratios []float64
	noise  []float64
}

// add adds a cell to its group, which is a new one if need be.
func add(groups []*group, c *CellReport, tail bool, figure func(Figures) float64) []*group {
	i := slices.IndexFunc(groups, func(g *group) bool { return g.title == c.Title && g.tail == tail })
	if i < 0 {
		i = len(groups)
		groups = append(groups, &group{finding: finding{title: c.Title, tail: tail}})
	}
	g, base := groups[i], c.Servers[c.base()]
	g.ratios = append(g.ratios, ratios(c.Servers[c.uringnet()].Rounds, base.Rounds, figure)...)
	g.noise = append(g.noise, noise(base.Rounds, figure))
	return groups
}

// judge calls a change clear if it is worth mentioning, larger than net's own noise, and most
// rounds agree on its direction.
func (f *finding) judge(ratios []float64, noise float64) {
	const worthMentioning = 0.02
	f.change = median(ratios) - 1
	size := math.Abs(f.change)
	f.clear = size >= worthMentioning && size > noise/2 && consistent(ratios)
}

func list(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}
