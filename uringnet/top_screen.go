package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
)

// sample is what one look has found.
type sample struct {
	at      time.Time
	heading []string
	rows    []row
}

// row is one line of a sample, or the heading of those below it if it has no value.
type row struct {
	name  string
	kind  rowKind
	value uint64
	note  string
}

// rowKind says what the value of a row is.
type rowKind int

const (
	section   rowKind = iota // none
	gauge                    // as it is now
	bytesUsed                // the same, in bytes
	counter                  // what only grows
	counter32                // the same, of 32 bits, which begins again at 0
	cpuTime                  // the same, in milliseconds of CPU time
)

// grown is how much a row has grown since an earlier sample, and false if it is not one that grows,
// or was not there.
func (r row) grown(before sample) (uint64, bool) {
	for _, old := range before.rows {
		switch {
		case old.name != r.name || old.kind != r.kind:
		case r.kind == counter32:
			return uint64(uint32(r.value - old.value)), true
		case r.kind == counter || r.kind == cpuTime:
			if r.value < old.value { // another process has taken the place of the first
				return 0, false
			}
			return r.value - old.value, true
		}
	}
	return 0, false
}

// amount is the value for a person.
func (r row) amount() string {
	switch r.kind {
	case section:
		return ""
	case bytesUsed:
		return fmt.Sprintf("%.1f MiB", float64(r.value)/(1<<20))
	case cpuTime:
		return fmt.Sprintf("%.2f s", float64(r.value)/1000)
	}
	return fmt.Sprint(r.value)
}

// rate is how fast a row grows, for a person.
func (r row) rate(before sample, elapsed time.Duration) string {
	grown, ok := r.grown(before)
	switch {
	case !ok || elapsed <= 0:
		return ""
	case r.kind == cpuTime:
		return fmt.Sprintf("%.0f %%", 100*float64(grown)/float64(elapsed.Milliseconds()))
	}
	return fmt.Sprintf("%.0f", float64(grown)/elapsed.Seconds())
}

// screen shows one sample after the other: each in the place of the last one on a terminal, below
// it elsewhere.
type screen struct {
	w        io.Writer
	terminal bool
}

func newScreen(w io.Writer) *screen { return &screen{w, isTerminal(w)} }

// The escape sequences of ECMA-48 that a terminal needs: a sample is written over the last one, and
// what is left of that is erased, so that nothing flickers.
const (
	toFirstLine    = "\x1b[H"
	eraseToLineEnd = "\x1b[K"
	eraseBelow     = "\x1b[J"
)

// show writes a sample. Rates are those since before, which is empty for the first one.
func (s *screen) show(now, before sample) error {
	var b bytes.Buffer
	for _, line := range now.lines(before) {
		b.WriteString(strings.TrimRight(line, " "))
		if s.terminal {
			b.WriteString(eraseToLineEnd)
		}
		b.WriteByte('\n')
	}
	text := b.String()
	if s.terminal {
		text = toFirstLine + text + eraseBelow
	}
	_, err := io.WriteString(s.w, text)
	return err
}

// lines are the sample as text.
func (s sample) lines(before sample) []string {
	elapsed := s.at.Sub(before.at)
	if before.at.IsZero() {
		elapsed = 0
	}
	names := len("receives in the poller")
	for _, r := range s.rows {
		names = max(names, len(r.name))
	}
	out := append([]string{s.at.Format(time.TimeOnly) + "  " + strings.Join(s.heading, "; ")},
		fmt.Sprintf("%-*s  %14s  %12s", names, "", "in all or now", "per second"))
	for _, r := range s.rows {
		out = append(out, fmt.Sprintf("%-*s  %14s  %12s  %s", names, r.name, r.amount(), r.rate(before, elapsed), r.note))
	}
	return append(out, "")
}
