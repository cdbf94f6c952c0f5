package bench

import (
	"fmt"
	"strings"

	"github.com/uringnet/uringnet/internal/bench/server"
)

// The limits beyond which a measurement deserves a warning.
const (
	tooNoisy     = 0.10 // spread of the middle half of the base server's own rounds
	tooMuchOther = 0.10 // CPU time of other processes, of one CPU
	tooMuchSteal = 0.02 // CPU time taken by the hypervisor, of one CPU
	disturbed    = 0.25 // share of the rounds in which one of these two happened
	saturated    = 0.97 // CPU time of the load generator, of one CPU
	tooLate      = 0.25 // lateness of an open loop, of the p99 latency that it measures
	tooFarBehind = 0.10 // time that the last answers of an open loop take, of the window
	unsaturated  = 0.90 // CPU time of a server that would have done more, of its CPUs
)

// notes collects warnings; those with the same text share a line.
type notes struct {
	all   int // how many cells there are
	texts []string
	cells map[string][]string
}

func (n *notes) add(cell, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if n.cells == nil {
		n.cells = map[string][]string{}
	}
	if n.cells[text] == nil {
		n.texts = append(n.texts, text)
	}
	n.cells[text] = append(n.cells[text], cell)
}

func (n *notes) lines() []string {
	var out []string
	for _, t := range n.texts {
		const few = 3 // to name them all is no longer than to say so
		where := strings.Join(n.cells[t], ", ")
		if len(n.cells[t]) == n.all && n.all > few {
			where = "all cells"
		}
		out = append(out, where+": "+t)
	}
	return out
}

// warnings tells what makes the figures doubtful.
func (r *Report) warnings() []string {
	n := notes{all: len(r.Cells)}
	for _, c := range r.Cells {
		for i, s := range c.Servers {
			if s.Error != "" {
				n.add(c.Name, "%s failed: %s", s.Name, s.Error)
			}
			if i == c.uringnet() && strings.HasPrefix(s.Backend, "net ") {
				n.add(c.Name, "%s ran without io_uring, on %s", s.Name, s.Backend)
			}
		}
		if limited := r.clientLimited(c); len(limited) > 0 {
			n.add(c.Name, "the load generator was at its limit before %s; look at the CPU time, requests/s cannot show more", list(limited))
		}
		b := c.Servers[c.base()]
		if noise(b.Rounds, c.steady()) > tooNoisy {
			n.add(c.Name, "this machine was too noisy: the rounds of %s are themselves far apart; use more -rounds, longer -seconds, or a quieter machine", b.Name)
		}
		r.openWarnings(&c, &n)
		if why := c.noPriority(); why != "" {
			n.add(c.Name, "the load generator had no priority: %s", why)
		}
		if c.disturbed(func(d Round) float64 { return d.OtherCPU / d.Seconds }, tooMuchOther) {
			n.add(c.Name, "other processes used the CPUs meanwhile")
		}
		if c.disturbed(func(d Round) float64 { return d.Stolen / d.Seconds }, tooMuchSteal) {
			n.add(c.Name, "the hypervisor took CPU time away meanwhile")
		}
	}
	return n.lines()
}

// steady is the figure whose spread shows how noisy the machine was.
func (c *CellReport) steady() func(Figures) float64 {
	if c.Work.Paced() {
		return cpuTime
	}
	return requestRate
}

// disturbed reports whether too many rounds had more than limit of something.
func (c *CellReport) disturbed(of func(Round) float64, limit float64) bool {
	bad, all := 0, 0
	for _, s := range c.Servers {
		for _, d := range s.Rounds {
			all++
			if of(d) > limit {
				bad++
			}
		}
	}
	return float64(bad) > disturbed*float64(all)
}

// clientLimited returns the servers that would have answered more requests than the load generator
// could make.
func (r *Report) clientLimited(c CellReport) []string {
	var names []string
	for _, s := range c.Servers {
		var client, own []float64
		for _, d := range s.Rounds {
			client = append(client, d.ClientCPU/d.Seconds)
			own = append(own, d.CPU/d.Seconds)
		}
		if len(client) > 0 && median(client) > saturated && median(own) < unsaturated*float64(r.serverCPUs(s)) {
			names = append(names, s.Name)
		}
	}
	return names
}

// serverCPUs is the number of CPUs that a server can keep busy.
func (r *Report) serverCPUs(s ServerReport) int {
	if s.Kind == server.Epoll {
		return 1
	}
	cpus := len(r.Settings.Pin.Server)
	if cpus == 0 {
		cpus = max(1, r.Machine.CPUs-1) // the load generator has one
	}
	if r.Settings.GOMAXPROCS > 0 {
		cpus = min(cpus, r.Settings.GOMAXPROCS)
	}
	return cpus
}
