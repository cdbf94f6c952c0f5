package bench

import (
	"fmt"
	"io"
	"time"
)

// Progress shows on a terminal, in one line, how far a run has come. Elsewhere it shows a line per
// cell.
type Progress struct {
	w        io.Writer
	terminal bool
	total    int // measurements in all
	done     int // measurements begun
	cell     string
	started  time.Time
}

// NewProgress returns a progress line on w.
func NewProgress(w io.Writer, terminal bool) *Progress {
	return &Progress{w: w, terminal: terminal, started: time.Now()}
}

const eraseLine = "\r\x1b[K"

// begin tells that a measurement begins.
func (p *Progress) begin(cell string, round, rounds int, server string) {
	left := ""
	if p.done > 0 {
		perOne := time.Since(p.started) / time.Duration(p.done)
		left = fmt.Sprintf(", %v left", (perOne * time.Duration(p.total-p.done)).Round(time.Second))
	}
	p.done++
	switch {
	case p.terminal:
		fmt.Fprintf(p.w, "%s[%d/%d] %s round %d of %d: %s%s", eraseLine, p.done, p.total, cell, round, rounds, server, left)
	case cell != p.cell:
		fmt.Fprintf(p.w, "[%d/%d] %s%s\n", p.done, p.total, cell, left)
	}
	p.cell = cell
}

// note prints a line that stays.
func (p *Progress) note(line string) {
	p.clear()
	fmt.Fprintln(p.w, line)
}

// clear removes the line.
func (p *Progress) clear() {
	if p.terminal {
		fmt.Fprint(p.w, eraseLine)
	}
}

// describe puts one measurement on a line, for -v.
func describe(cell, server string, r Round) string {
	f := r.figures()
	line := fmt.Sprintf("%s round %d %s: %.0f req/s, %.2f us CPU (%.2f user, %.2f system), p50 %.0f p99 %.0f us, %.3f switches/req, client CPU %.0f%%",
		cell, r.Number, server, f.Requests, f.CPU, f.User, f.System, f.P50, f.P99, f.Switches, r.ClientCPU/r.Seconds*100)
	if r.LateP99 > 0 {
		line += fmt.Sprintf(", p99 of the client being late %.0f us", r.LateP99)
	}
	if ring := r.Ring; ring.CQEs > 0 {
		line += fmt.Sprintf("; ring: %.1f SQEs/enter, %.0f%% ready, %.1f CQEs/batch, %d parks, %d cancels, %d withdrawn, %d overflows",
			float64(ring.Submissions)/float64(max(1, ring.Enters)), 100*float64(ring.Ready)/float64(max(1, ring.Submissions)),
			float64(ring.CQEs)/float64(max(1, ring.Batches)),
			ring.Parks, ring.Cancels, ring.Withdrawn, ring.Overflows)
	}
	return line
}
