package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// report is what is known of a package in the end.
type report struct {
	pkg        string
	onNet      results
	onUringnet results
	outputs    map[string]string // of tests that failed on uringnet
	whole      bool              // nobody counts sockets
	sockets    []byte            // a letter per socket, see stdhook
	backend    string
	flaky      []string
	diffs      []difference
	unused     []expectation
}

// print writes the report and returns whether all differences are expected.
func (r *report) print(w io.Writer, verbose bool) bool {
	count := func(kind string) int { return bytes.Count(r.sockets, []byte(kind)) }
	fmt.Fprintf(w, "%s\n  net:      %s\n  uringnet: %s\n", r.pkg, summary(r.onNet), summary(r.onUringnet))
	if !r.whole {
		fmt.Fprintf(w, "  sockets through uringnet: %d (%d dialed, %d accepted, %d listeners, %d from files)\n",
			len(r.sockets), count("d"), count("a"), count("l"), count("f"))
	}
	fmt.Fprintf(w, "  backend:  %s\n", r.backend)
	good := true
	explained := make(map[*expectation]int)
	for _, d := range r.diffs {
		if d.Why != nil {
			explained[d.Why]++
			if explained[d.Why] == 1 {
				fmt.Fprintf(w, "  expected   %s: %s on uringnet: %s\n", d.Why.test, d.Outcome, d.Why.reason)
			}
			continue
		}
		good = false
		fmt.Fprintf(w, "  DIFFERENCE %s: pass on net, %s on uringnet\n", d.Test, d.Outcome)
		fmt.Fprint(w, indent(r.outputs[d.Test], verbose))
	}
	for _, name := range r.flaky {
		fmt.Fprintf(w, "  flaky      %s: failed, then passed when run alone\n", name)
		fmt.Fprint(w, indent(r.outputs[name], verbose))
	}
	for _, e := range r.unused {
		fmt.Fprintf(w, "  unneeded   %s: listed in expected.txt, but does not differ here\n", e.test)
	}
	return good
}

func summary(r results) string {
	n := make(map[string]int)
	for _, outcome := range r {
		n[outcome]++
	}
	return fmt.Sprintf("%5d passed %4d failed %4d skipped", n[pass], n[fail], n[skip])
}

// indent sets off a test's output, of which the end says most.
func indent(output string, all bool) string {
	const enough = 20
	if output == "" {
		return ""
	}
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	if len(lines) > enough && !all {
		lines = lines[len(lines)-enough:]
	}
	return "    | " + strings.Join(lines, "\n    | ") + "\n"
}
