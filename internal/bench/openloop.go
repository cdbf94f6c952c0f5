package bench

import (
	"fmt"
	"strings"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// pacedLine tells of a cell whose requests/s are given what the table has no column for.
func (c *CellReport) pacedLine() string {
	line := c.pace()
	if line == "" {
		return ""
	}
	base := c.Servers[c.base()]
	for _, s := range c.Servers {
		if s.Ratios != nil {
			line += fmt.Sprintf("; %s p50 %s, p99 %s, p99.9 %s of %s's", s.Name,
				latencyRatio(s, base, p50), latencyRatio(s, base, p99), latencyRatio(s, base, p999), base.Name)
		}
	}
	if c.Work.Open() {
		line += "; the load generator's p99 of being late: " + c.lateness()
	}
	return line + "."
}

// pace says what is sent; it is empty for a closed loop, and if the rate could not be found.
func (c *CellReport) pace() string {
	switch {
	case c.Work.Kind == workload.Push:
		return fmt.Sprintf("%s: the server sends a message to each connection every %v, in the mean", c.Name, workload.PushPause)
	case c.Work.Rate == 0:
		return ""
	}
	line := fmt.Sprintf("%s: %.0f requests/s are sent, whatever the server does", c.Name, c.Work.Rate)
	if c.Work.Share > 0 {
		line += fmt.Sprintf(" (%.0f %% of the %.0f that net answers in a closed loop)", c.Work.Share*100, c.Capacity)
	}
	if b := c.Work.Burst; b.On > 0 {
		line += fmt.Sprintf(", in bursts of %v with %v between them", b.On, b.Off)
	}
	return line
}

func latencyRatio(s, base ServerReport, figure func(Figures) float64) string {
	if ratio, ok := spread(s.Rounds, base.Rounds, figure); ok {
		return ratio.String()
	}
	return "-"
}

// lateness lists how late the load generator was, with each server.
func (c *CellReport) lateness() string {
	var parts []string
	for _, s := range c.Servers {
		if len(s.Rounds) > 0 {
			parts = append(parts, fmt.Sprintf("%s %s us", s.Name, digits(s.late())))
		}
	}
	return strings.Join(parts, ", ")
}

// late is how late the load generator was with the latest 1 % of its requests, in microseconds.
func (s *ServerReport) late() float64 {
	var values []float64
	for _, d := range s.Rounds {
		values = append(values, d.LateP99)
	}
	return median(values)
}

// openWarnings tells what makes the figures of an open-loop cell doubtful.
func (r *Report) openWarnings(c *CellReport, n *notes) {
	if !c.Work.Open() {
		return
	}
	var late, behind []string
	for _, s := range c.Servers {
		if len(s.Rounds) == 0 {
			continue
		}
		if s.late() > tooLate*s.Median.P99 {
			late = append(late, s.Name)
		}
		if median(seconds(s.Rounds)) > (1+tooFarBehind)*r.Settings.Seconds {
			behind = append(behind, s.Name)
		}
	}
	if len(late) > 0 {
		n.add(c.Name, "the load generator was itself late with %s, and their latency has that in it; use -priority, -pin or a lower rate", list(late))
	}
	if len(behind) > 0 {
		n.add(c.Name, "%s did not keep up with the rate; the latency grows as long as it lasts", list(behind))
	}
}

func seconds(rounds []Round) []float64 {
	var out []float64
	for _, d := range rounds {
		out = append(out, d.Seconds)
	}
	return out
}

// noPriority returns why the load generator did not run before all other processes, if it was to.
func (c *CellReport) noPriority() string {
	for _, s := range c.Servers {
		for _, d := range s.Rounds {
			if d.NoPriority != "" {
				return d.NoPriority
			}
		}
	}
	return ""
}
