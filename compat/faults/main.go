//go:build linux

// Faults has a server and clients go through what befalls programs from outside (signals, limits,
// filters, a process that is killed), on package net and on each backend of uringnet side by side.
//
//	cd compat && go run ./faults [-run PATTERN] [-servers net,io_uring,poller,ring] [-write FILE]
//	cd compat && go run ./faults -line
//
// Every byte is checked, every goroutine and descriptor is accounted for, and the errors are
// compared with those that package net gives. The exit code is 1 if anything differs. Each fault is
// in the file that is named after it; faults.go lists them.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	switch os.Getenv(roleEnv) {
	case controlled:
		runChild()
		return
	case inheriting:
		runHeir()
		return
	}
	pattern := flag.String("run", ".", "run only the faults whose names match `regexp`")
	servers := flag.String("servers", "net,io_uring,poller", "comma-separated `backends`, of net, io_uring, poller, and ring: io_uring with URINGNET_WAIT=ring")
	file := flag.String("write", "", "put the table between the markers of this `file`")
	onLine := flag.Bool("line", false, "run the faults of the line between server and clients; needs privileges, and netem in the kernel")
	flag.StringVar(&revision, "revision", "", "the `commit` that is run, where git cannot be asked")
	verbose := flag.Bool("v", false, "print the errors of each trial, and what went over rings")
	flag.Parse()
	chosen, err := regexp.Compile(*pattern)
	if err != nil {
		fail(err)
	}
	columns := strings.Split(*servers, ",")
	for _, c := range columns {
		if backends[c] == nil {
			fail(fmt.Errorf("there is no backend %s", c))
		}
	}
	// Net's errors are what the others are compared with.
	slices.SortStableFunc(columns, func(a, b string) int { return rank(a) - rank(b) })
	t := table{columns: columns}
	list := faults
	if *onLine {
		list = lineFaults
	}
	for i := range list {
		if f := &list[i]; chosen.MatchString(f.name) {
			t.rows = append(t.rows, runFault(f, columns, *verbose))
		}
	}
	if len(t.rows) == 0 {
		fail(fmt.Errorf("no fault matches %s", *pattern))
	}
	t.print(os.Stdout)
	if *file != "" {
		if err := t.writeInto(*file); err != nil {
			fail(err)
		}
	}
	if !t.good() {
		os.Exit(1)
	}
}

func rank(column string) int {
	if column == "net" {
		return 0
	}
	return 1
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "faults:", err)
	os.Exit(2)
}

// runFault runs a fault on each backend, and says at once what went wrong.
func runFault(f *fault, columns []string, verbose bool) row {
	r := row{fault: f}
	var onNet *outcome
	for _, column := range columns {
		t := &trial{fault: f, backend: column}
		o := &t.outcome
		if f.skip != nil {
			o.skipped = f.skip()
		}
		if o.skipped == "" {
			t.run()
			if column == "net" {
				onNet = o
			}
			o.judge(f, onNet)
		}
		fmt.Fprintf(os.Stderr, "%-18s %-9s %s, %.1f s\n", f.name, column, o, o.duration.Seconds())
		if verbose {
			fmt.Fprintf(os.Stderr, "    %d frames, %d receives on rings, errors: %v\n", o.frames, o.onRings, o.errors)
		}
		if !o.good() {
			fmt.Fprintf(os.Stderr, "    errors that net would not give: %v\n    %s\n", o.foreign, strings.Join(o.details, "\n    "))
		}
		r.outcomes = append(r.outcomes, o)
	}
	return r
}
