package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// expectation is a line of expected.txt: a difference that is known, and by which words it is
// known.
type expectation struct {
	pkg, test string
	// matches every line in which the test complains; nil if the test is missing or skipped
	says   *regexp.Regexp
	reason string
}

// readExpected reads lines of the form "package test | regexp | reason". Lines that start with #
// are comments.
func readExpected(from io.Reader) ([]expectation, error) {
	var list []expectation
	in := bufio.NewScanner(from)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		what, rest, ok1 := strings.Cut(line, " | ")
		says, reason, ok2 := strings.Cut(rest, " | ")
		names := strings.Fields(what)
		if !ok1 || !ok2 || len(names) != 2 {
			return nil, fmt.Errorf("expected.txt:%d: want \"package test | regexp | reason\": %q", n, line)
		}
		e := expectation{pkg: names[0], test: names[1], reason: strings.TrimSpace(reason)}
		if says != missing && says != skip {
			re, err := regexp.Compile(says)
			if err != nil {
				return nil, fmt.Errorf("expected.txt:%d: %w", n, err)
			}
			e.says = re
		}
		list = append(list, e)
	}
	return list, in.Err()
}

// complaint recognises what t.Error and its kin print: "file.go:12: text". The test's own
// continuation lines do not count.
var complaint = regexp.MustCompile(`(?m)^\s+\w+\.go:\d+: .*$`)

// covers reports whether e explains d. An expectation for a test covers its subtests. It covers a
// failure only if all complaints are the known ones, so that a listed test still finds what is new.
func (e *expectation) covers(d difference, output string) bool {
	if d.Test != e.test && !strings.HasPrefix(d.Test, e.test+"/") {
		return false
	}
	if e.says == nil {
		return d.Outcome != fail
	}
	complaints := complaint.FindAllString(output, -1)
	for _, c := range complaints {
		if !e.says.MatchString(c) {
			return false
		}
	}
	return len(complaints) > 0
}

// explain gives each difference of pkg the expectation that covers it, and returns those that
// covered nothing.
func explain(pkg string, diffs []difference, outputs map[string]string, expected []expectation) (unused []expectation) {
	for i := range expected {
		e := &expected[i]
		if e.pkg != pkg {
			continue
		}
		used := false
		for j, d := range diffs {
			if d.Why == nil && e.covers(d, outputs[d.Test]) {
				diffs[j].Why = e
				used = true
			}
		}
		if !used {
			unused = append(unused, *e)
		}
	}
	return unused
}
