package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/uringnet/uringnet/internal/bench/server"
)

// WriteMarkdown writes what WriteText writes as Markdown.
func (r *Report) WriteMarkdown(w io.Writer) {
	r.writeMarkdown(w, r.header(), wordColumns, r.rows())
}

// WriteSummary writes a short Markdown table, for a README: a row per cell, and of the servers how
// they compare.
func (r *Report) WriteSummary(w io.Writer) {
	header := []string{"cell", "net req/s", "uringnet req/s", "CPU/request", "p99", "headroom captured"}
	var others []string
	for _, c := range r.Cells {
		for i, s := range c.Servers {
			if i != c.base() && i != c.uringnet() && !slices.Contains(others, s.Name) {
				others = append(others, s.Name)
			}
		}
	}
	for _, name := range others {
		header = append(header, name+" req/s")
	}
	var rows [][]string
	for _, c := range r.Cells {
		rows = append(rows, c.summary(others))
	}
	r.writeMarkdown(w, header, 1, rows)
}

// summary is a row: everything but the first number is a ratio to the base server.
func (c CellReport) summary(others []string) []string {
	row := []string{c.Name, "", "", "", "", ""}
	if b := c.Servers[c.base()]; len(b.Rounds) > 0 && b.Kind == server.Net {
		row[1] = fmt.Sprintf("%.0f", b.Median.Requests)
	}
	if i := c.uringnet(); i >= 0 && c.Servers[i].Ratios != nil {
		s := c.Servers[i]
		row[2], row[3], row[4] = s.Ratios.Requests.String(), s.Ratios.CPU.String(), s.Ratios.P99.String()
		row[5] = s.headroom()
		if c.Work.Paced() {
			row[2] = "" // given
		}
	}
	for _, name := range others {
		text := ""
		i := slices.IndexFunc(c.Servers, func(s ServerReport) bool { return s.Name == name })
		if i >= 0 && c.Servers[i].Ratios != nil && !c.Work.Paced() {
			text = c.Servers[i].Ratios.Requests.String()
		}
		row = append(row, text)
	}
	return row
}

// writeMarkdown writes a table whose first columns are words, the rest numbers, and what belongs
// around it.
func (r *Report) writeMarkdown(w io.Writer, header []string, words int, rows [][]string) {
	fmt.Fprintf(w, "%s\n\n", r.conditions())
	fmt.Fprintf(w, "| %s |\n", strings.Join(header, " | "))
	fmt.Fprintf(w, "|%s%s\n", strings.Repeat("---|", words), strings.Repeat("--:|", len(header)-words))
	for _, row := range rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintln(w)
	for _, remark := range r.remarks() {
		fmt.Fprintf(w, "- %s\n", remark)
	}
	if len(r.remarks()) > 0 {
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, r.Verdict)
}
