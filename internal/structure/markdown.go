package structure

import (
	"regexp"
	"strings"
)

// lineKind is what a line of Markdown belongs to.
type lineKind int

const (
	prose lineKind = iota
	table
	code
)

// markdown tells the kinds of lines that it is given one after the other.
type markdown struct {
	fence    string // what ends the code, or empty outside of fenced code
	indented bool   // the last line was indented code
	text     bool   // the last line was prose, which an indented line goes on with
}

func (m *markdown) kind(line string) lineKind {
	trimmed := strings.TrimSpace(line)
	if m.fence != "" {
		if trimmed == m.fence {
			m.fence = ""
		}
		return code
	}
	if fence := openingFence.FindString(trimmed); fence != "" {
		*m = markdown{fence: fence}
		return code
	}
	indented := strings.HasPrefix(line, "    ") || strings.HasPrefix(line, "\t")
	m.indented = indented && !m.text || m.indented && trimmed == ""
	m.text = trimmed != "" && !m.indented
	switch {
	case m.indented:
		return code
	case strings.HasPrefix(trimmed, "|"):
		return table
	}
	return prose
}

var openingFence = regexp.MustCompile("^(```+|~~~+)")

// cells returns the cells of a row of a table. A bar after a backslash is part of its cell.
func cells(row string) []string {
	const bar = "\x00"
	row = strings.ReplaceAll(strings.TrimSpace(row), `\|`, bar)
	var out []string
	for cell := range strings.SplitSeq(strings.Trim(row, "|"), "|") {
		out = append(out, strings.TrimSpace(strings.ReplaceAll(cell, bar, `\|`)))
	}
	return out
}
