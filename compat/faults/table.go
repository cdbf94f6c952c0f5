//go:build linux

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// row is a fault with its outcome on each backend.
type row struct {
	fault    *fault
	outcomes []*outcome
}

// table is what was run.
type table struct {
	columns []string
	rows    []row
}

func (t *table) good() bool {
	for _, r := range t.rows {
		for _, o := range r.outcomes {
			if !o.good() {
				return false
			}
		}
	}
	return true
}

// String is a cell of the table.
func (o *outcome) String() string {
	switch {
	case o.skipped != "":
		return "skipped: " + o.skipped
	case o.failed != nil:
		return "FAILED: " + o.failed.Error()
	case o.note != "":
		return o.note
	}
	foreign := 0
	for _, n := range o.foreign {
		foreign += n
	}
	cell := fmt.Sprintf("%d / %d / %d / %d", o.lost, o.hung, foreign, o.left)
	if o.figures != "" {
		cell += "; " + o.figures
	}
	return cell
}

// print writes the table as Markdown.
func (t *table) print(w io.Writer) {
	fmt.Fprintln(w, where())
	fmt.Fprintln(w)
	fmt.Fprintf(w, "| fault | %s |\n|---|%s\n", strings.Join(t.columns, " | "), strings.Repeat("--:|", len(t.columns)))
	for _, r := range t.rows {
		fmt.Fprintf(w, "| %s: %s |", r.fault.name, r.fault.what)
		for _, o := range r.outcomes {
			fmt.Fprintf(w, " %s |", o)
		}
		fmt.Fprintln(w)
	}
}

// revision is the commit that is run, or empty: then git says.
var revision string

// where says what was run, on what, and when.
func where() string {
	commit := revision
	if out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); commit == "" && err == nil {
		commit = strings.TrimSpace(string(out))
	}
	commit = cmp.Or(commit, "unknown")
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("Linux %s, %s, %s, %d CPUs, commit %s, %s.", unix.ByteSliceToString(uts.Release[:]),
		runtime.GOARCH, runtime.Version(), runtime.NumCPU(), commit, time.Now().UTC().Format(time.DateOnly))
}

const (
	begin = "<!-- begin: go run ./faults -write -->\n"
	end   = "<!-- end: go run ./faults -write -->\n"
)

// writeInto puts the table between the markers of a file.
func (t *table) writeInto(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return errors.New(name + " lacks the markers " + strings.TrimSpace(begin) + " and " + strings.TrimSpace(end))
	}
	var b strings.Builder
	t.print(&b)
	return os.WriteFile(name, []byte(before+begin+b.String()+end+after), 0o644)
}
