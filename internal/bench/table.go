package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// The columns of the table; the first two are words, the others numbers.
var columns = []string{"cell", "server", "req/s", "vs net", "CPU us/req (user+sys)", "vs net",
	"p50 us", "vs net", "p99 us", "vs net", "p99.9 us", "vs net", "switches/req", "RSS MB", "headroom"}

const wordColumns = 2

// header is the columns with the name of the server that the ratios refer to, should it not be net.
func (r *Report) header() []string {
	names := slices.Clone(columns)
	if len(r.Cells) == 0 {
		return names
	}
	for i, name := range names {
		names[i] = strings.Replace(name, "vs net", "vs "+r.baseName(), 1)
	}
	return names
}

// baseName is the name of the server that the ratios refer to.
func (r *Report) baseName() string {
	c := r.Cells[0]
	return c.Servers[c.base()].Name
}

// WriteText writes the report as a table with the warnings and the verdict below.
func (r *Report) WriteText(w io.Writer) {
	fmt.Fprintln(w, r.conditions())
	fmt.Fprintln(w)
	rows := append([][]string{r.header()}, r.rows()...)
	widths := make([]int, len(columns))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < wordColumns {
				line.WriteString(cell + pad + "  ")
			} else {
				line.WriteString(pad + cell + "  ")
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
	fmt.Fprintln(w)
	for _, remark := range r.remarks() {
		fmt.Fprintln(w, remark)
	}
	fmt.Fprintln(w, r.Verdict)
}

// remarks are what stands below the table, before the verdict.
func (r *Report) remarks() []string {
	var out []string
	for _, c := range r.Cells {
		if line := c.idleLine(); line != "" {
			out = append(out, line)
		}
		if line := c.pacedLine(); line != "" {
			out = append(out, line)
		}
	}
	for _, warning := range r.Warnings {
		out = append(out, "Warning: "+warning)
	}
	if r.Interrupted {
		out = append(out, "The run was interrupted: some rounds are missing.")
	}
	return out
}

// conditions says how it was measured.
func (r *Report) conditions() string {
	s := r.Settings
	where := "server and load generator share all CPUs"
	if s.Pin.Server != nil {
		where = fmt.Sprintf("server on CPU %s, load generator on CPU %s", joinCPUs(s.Pin.Server), joinCPUs(s.Pin.Client))
	}
	if s.GOMAXPROCS > 0 {
		where += fmt.Sprintf(", GOMAXPROCS=%d", s.GOMAXPROCS)
	}
	if s.Depth > 1 {
		where += fmt.Sprintf(", %d messages in flight", s.Depth)
	}
	if s.Priority {
		where += ", load generator before all else (SCHED_FIFO)"
	}
	return fmt.Sprintf("%s; %s; %s.", r.machines(), where, r.medianOf())
}

func joinCPUs(cpus []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(cpus), " ", ","), "[]")
}

func (r *Report) rows() [][]string {
	var rows [][]string
	for _, c := range r.Cells {
		for i, s := range c.Servers {
			name := c.Name
			if i > 0 {
				name = ""
			}
			row := append([]string{name, s.Name}, s.numbers()...)
			if c.Work.Paced() {
				row[wordColumns+1] = "" // requests/s are given
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// numbers are the cells of a row after the words.
func (s ServerReport) numbers() []string {
	row := make([]string, len(columns)-wordColumns)
	if len(s.Rounds) == 0 {
		row[0] = "none"
		if s.Error != "" {
			row[0] = "failed"
		}
		return row
	}
	f := s.Median
	ratio := func(of func(*Ratios) Spread) string {
		if s.Ratios == nil {
			return ""
		}
		return of(s.Ratios).String()
	}
	return []string{
		fmt.Sprintf("%.0f", f.Requests), ratio(func(r *Ratios) Spread { return r.Requests }),
		fmt.Sprintf("%s (%s+%s)", digits(f.CPU), digits(f.User), digits(f.System)), ratio(func(r *Ratios) Spread { return r.CPU }),
		digits(f.P50), ratio(func(r *Ratios) Spread { return r.P50 }),
		digits(f.P99), ratio(func(r *Ratios) Spread { return r.P99 }),
		digits(f.P999), ratio(func(r *Ratios) Spread { return r.P999 }),
		fmt.Sprintf("%.3f", f.Switches),
		fmt.Sprintf("%.1f", f.RSS/(1<<20)),
		s.headroom(),
	}
}

func (s ServerReport) headroom() string {
	if s.Headroom == nil {
		return ""
	}
	return fmt.Sprintf("%.0f %%", *s.Headroom*100)
}

// String returns the median with the ends, as in 1.12 (1.02-1.15), and with several runs the ends
// of their medians too, as in 1.12 (1.02-1.15; 1.10-1.13).
func (s Spread) String() string {
	text := fmt.Sprintf("%.2f (%.2f-%.2f", s.Median, s.Min, s.Max)
	if s.Runs != nil {
		text += fmt.Sprintf("; %.2f-%.2f", s.Runs.Min, s.Runs.Max)
	}
	return text + ")"
}

// digits prints three significant digits or all before the point.
func digits(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// idleLine tells the memory per idle connection, which has no column of its own.
func (c CellReport) idleLine() string {
	if c.Work.IdleConns == 0 {
		return ""
	}
	var parts []string
	for _, s := range c.Servers {
		if len(s.Rounds) == 0 {
			continue
		}
		part := fmt.Sprintf("%s %.1f KiB", s.Name, s.Median.IdleBytes/(1<<10))
		if s.Ratios != nil && s.Ratios.Idle != nil {
			part += " = " + s.Ratios.Idle.String() + " of net"
		}
		parts = append(parts, part)
	}
	return fmt.Sprintf("%s: resident memory of the server process per idle connection: %s.", c.Name, strings.Join(parts, ", "))
}
