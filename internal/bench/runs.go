package bench

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// enoughDays is on how many days figures must have been measured to be published. From one day to
// the next, and from one machine to another of the same kind, they differ by more than the rounds
// of a run do.
const enoughDays = 3

// Merge joins runs of the same measurement. The figures of the result are the medians of the runs'
// medians. It fails if they were measured in different ways, or if one is there twice.
func Merge(reports []*Report) (*Report, error) {
	if len(reports) == 0 {
		return nil, errors.New("there are no reports to join")
	}
	first := reports[0]
	m := &Report{Time: first.Time, Commit: first.Commit, Machine: first.Machine, Settings: first.Settings}
	for _, r := range reports {
		if !r.Settings.sameWay(first.Settings) {
			return nil, fmt.Errorf("the runs of %s and %s were measured in different ways: they differ in -pin, -gomaxprocs or -depth",
				first.Time.Format(time.RFC3339), r.Time.Format(time.RFC3339))
		}
		for _, run := range r.runs() {
			if slices.ContainsFunc(m.Runs, run.same) {
				return nil, fmt.Errorf("the run of %s is there twice", run.Time.Format(time.RFC3339))
			}
		}
		m.add(r)
	}
	for i := range m.Cells {
		m.Cells[i].summarize()
	}
	m.judge()
	return m, nil
}

func (u Run) same(v Run) bool {
	return u.Time.Equal(v.Time) && u.Commit == v.Commit && u.Machine == v.Machine
}

// sameWay reports whether figures measured with the two settings can be put together.
func (s Settings) sameWay(t Settings) bool {
	return slices.Equal(s.Pin.Server, t.Pin.Server) && slices.Equal(s.Pin.Client, t.Pin.Client) &&
		s.GOMAXPROCS == t.GOMAXPROCS && s.Depth == t.Depth
}

// add takes over the runs of another report. Warnings that follow from the rounds are left behind:
// they are found again in the rounds of all.
func (r *Report) add(other *Report) {
	before := len(r.Runs)
	r.Runs = append(r.Runs, other.runs()...)
	r.Interrupted = r.Interrupted || other.Interrupted
	found := slices.Concat(other.runWarnings(), other.warnings())
	for _, w := range other.Warnings {
		if !slices.Contains(found, w) && !slices.Contains(r.Warnings, w) {
			r.Warnings = append(r.Warnings, w)
		}
	}
	for _, c := range other.Cells {
		i := slices.IndexFunc(r.Cells, func(have CellReport) bool { return have.Name == c.Name })
		if i < 0 {
			i = len(r.Cells)
			first := c // whatever it says beside the rounds
			first.Servers = nil
			r.Cells = append(r.Cells, first)
		}
		for _, s := range c.Servers {
			r.Cells[i].add(s, before)
		}
	}
}

// add takes over the rounds of a server, whose runs come after those before.
func (c *CellReport) add(s ServerReport, before int) {
	i := slices.IndexFunc(c.Servers, func(have ServerReport) bool { return have.Name == s.Name })
	if i < 0 {
		i = len(c.Servers)
		c.Servers = append(c.Servers, ServerReport{Name: s.Name, Kind: s.Kind})
	}
	to := &c.Servers[i]
	if to.Error == "" {
		to.Error = s.Error
	}
	to.Backend = eitherBackend(to.Backend, s.Backend)
	for _, round := range s.Rounds {
		round.Run += before
		to.Rounds = append(to.Rounds, round)
	}
}

const orBackend = " or "

// eitherBackend names the backends of both, each once. A backend gives its reason in brackets,
// which may differ from run to run.
func eitherBackend(a, b string) string {
	var all, names []string
	for _, backend := range slices.Concat(strings.Split(a, orBackend), strings.Split(b, orBackend)) {
		name, _, _ := strings.Cut(backend, " (")
		if name != "" && !slices.Contains(names, name) {
			all, names = append(all, backend), append(names, name)
		}
	}
	return strings.Join(all, orBackend)
}

// runs returns the runs of a report, also if it is of one only.
func (r *Report) runs() []Run {
	if len(r.Runs) > 0 {
		return r.Runs
	}
	return []Run{{r.Time, r.Commit, r.Machine, r.Settings}}
}

// distinct returns what the runs are of, each once.
func (r *Report) distinct(what func(Run) string) []string {
	var all []string
	for _, run := range r.runs() {
		if s := what(run); s != "" && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// days returns the days of the runs in order.
func (r *Report) days() []string {
	return slices.Sorted(slices.Values(r.distinct(func(u Run) string { return u.Time.UTC().Format(time.DateOnly) })))
}

// runWarnings tells what makes it doubtful to put the runs together. Only a report of several runs
// has such.
func (r *Report) runWarnings() []string {
	if len(r.Runs) == 0 {
		return nil
	}
	var out []string
	if days := r.days(); len(days) < enoughDays {
		out = append(out, fmt.Sprintf("the runs are of %s only: figures differ from day to day, publish those of at least %d days",
			count(len(days), "day"), enoughDays))
	}
	for _, one := range []struct {
		name string
		of   func(Run) string
	}{
		{"commits", func(u Run) string { return u.Commit }},
		{"machines", func(u Run) string { return fmt.Sprintf("%s with %s", u.Machine.CPU, count(u.Machine.CPUs, "CPU")) }},
		{"kernels", func(u Run) string { return u.Machine.Kernel }},
		{"Go releases", func(u Run) string { return u.Machine.Go }},
		{"lengths of rounds", func(u Run) string { return fmt.Sprintf("%.2g s", u.Settings.Seconds) }},
	} {
		if values := r.distinct(one.of); len(values) > 1 {
			out = append(out, fmt.Sprintf("the runs are of different %s: %s", one.name, strings.Join(values, ", ")))
		}
	}
	unknown := 0
	for _, u := range r.Runs {
		if u.Commit == "" {
			unknown++
		}
	}
	if unknown > 0 {
		out = append(out, fmt.Sprintf("the commit of %d of the %s is not known", unknown, count(len(r.Runs), "run")))
	}
	return append(out, r.missingRuns()...)
}

// missingRuns tells which servers were not part of all runs, or not on one backend.
func (r *Report) missingRuns() []string {
	n := notes{all: len(r.Cells)}
	for _, c := range r.Cells {
		for _, s := range c.Servers {
			if runs := len(byRun(s.Rounds)); runs < len(r.Runs) {
				n.add(c.Name, "%s is part of %d of the %s", s.Name, runs, count(len(r.Runs), "run"))
			}
			if strings.Contains(s.Backend, orBackend) {
				n.add(c.Name, "%s ran on different backends: %s", s.Name, s.Backend)
			}
		}
	}
	return n.lines()
}

// count says how many there are of something.
func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// machines says what the runs are of.
func (r *Report) machines() string {
	return strings.Join(r.distinct(func(u Run) string {
		m := u.Machine
		text := fmt.Sprintf("%s, %s, Linux %s, %s", m.CPU, count(m.CPUs, "CPU"), m.Kernel, m.Go)
		if u.Commit != "" {
			text += ", commit " + u.Commit
		}
		return text
	}), " and ")
}

// medianOf says what a figure is the median of, and what is in the brackets of a ratio.
func (r *Report) medianOf() string {
	rounds := strings.Join(r.distinct(func(u Run) string { return fmt.Sprint(u.Settings.Rounds) }), " or ")
	seconds := strings.Join(r.distinct(func(u Run) string { return fmt.Sprintf("%.2g s", u.Settings.Seconds) }), " or ")
	rounds += " rounds of " + seconds + " in turn"
	if len(r.Runs) == 0 {
		return fmt.Sprintf("medians of %s; ratios with min-max over the rounds", rounds)
	}
	return fmt.Sprintf("medians over %s, each the median of %s; "+
		"ratios with (min-max over the rounds of all runs; min-max of the runs' medians)", r.runsAndDays(), rounds)
}

// runsAndDays says of how many runs and days the figures are.
func (r *Report) runsAndDays() string {
	days := r.days()
	when := days[0]
	if last := days[len(days)-1]; last != when {
		when += " to " + last
	}
	return fmt.Sprintf("%s of %s (%s)", count(len(r.Runs), "run"), count(len(days), "day"), when)
}

// runsTitle adds to the title of a chart of how many runs it is.
func (r *Report) runsTitle() string {
	if len(r.Runs) == 0 {
		return ""
	}
	return ", medians over " + r.runsAndDays()
}
