package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
)

// row is how the tests went on one kernel, in one setting.
type row struct {
	kernel  string // version of the package, and the suite
	arch    string
	setting string
	backend string            // which ran
	cells   map[string]string // by package
	when    string            // date, commit
	failed  bool
}

// notRun stands for tests that were not asked for, or make no difference in that setting.
const notRun = "-"

var heads = append(append([]string{"kernel", "arch", "setting", "backend"}, allPackages...), "when")

func (r row) columns() []string {
	cols := []string{r.kernel, r.arch, r.setting, r.backend}
	for _, p := range allPackages {
		cols = append(cols, cmp.Or(r.cells[p], notRun))
	}
	return append(cols, r.when)
}

// key tells which row a later one replaces: that of the same kernel series.
func key(cols []string) string {
	return series(cols[0]) + " " + cols[1] + " " + cols[2]
}

// series is the first two numbers of a version.
func series(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// cell says how the tests of a package went.
func cell(o outcome) string {
	r := o.result
	switch {
	case r.Error == "" && len(r.Skipped) > 0:
		return fmt.Sprintf("%d, %d skipped", r.Passed, len(r.Skipped))
	case r.Error == "":
		return fmt.Sprint(r.Passed)
	case len(r.Failed) == 0:
		return "**" + r.Error + "**"
	}
	const most = 3
	text := strings.Join(r.Failed[:min(most, len(r.Failed))], ", ")
	if more := len(r.Failed) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return "**failed: " + text + "**"
}

// markdown returns the table of rows that are given as columns.
func markdown(rows [][]string) string {
	var b strings.Builder
	line := func(cols []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cols, " | ")) }
	line(heads)
	fmt.Fprintf(&b, "|%s\n", strings.Repeat("---|", len(heads)))
	for _, r := range rows {
		line(r)
	}
	return b.String()
}

// The table in a document stands between these lines.
const (
	tableBegin = "<!-- table of go run ./compat/kernels -write -->\n"
	tableEnd   = "<!-- end of the table -->\n"
)

// write puts the rows into the table of a document, in place of those that they supersede.
func write(file string, rows [][]string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	merged, err := merge(string(text), rows)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(merged), 0o644)
}

func merge(text string, rows [][]string) (string, error) {
	before, rest, ok := strings.Cut(text, tableBegin)
	table, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return "", fmt.Errorf("there are no lines %q and %q", tableBegin, tableEnd)
	}
	byKey := map[string][]string{}
	for line := range strings.Lines(table) {
		cols := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cols {
			cols[i] = strings.TrimSpace(cols[i])
		}
		if len(cols) == len(heads) && cols[0] != heads[0] && !strings.HasPrefix(cols[0], "---") {
			byKey[key(cols)] = cols
		}
	}
	for _, r := range rows {
		byKey[key(r)] = r
	}
	var all [][]string
	for _, r := range byKey {
		all = append(all, r)
	}
	slices.SortFunc(all, byVersion)
	return before + tableBegin + "\n" + markdown(all) + "\n" + tableEnd + after, nil
}

// byVersion sorts by architecture, version and setting.
func byVersion(a, b []string) int {
	position := func(name string) int {
		return slices.IndexFunc(allSettings, func(s setting) bool { return s.name == name })
	}
	if a[1] != b[1] {
		return strings.Compare(a[1], b[1])
	}
	if c := natural(a[0], b[0]); c != 0 {
		return c
	}
	return position(a[2]) - position(b[2])
}
