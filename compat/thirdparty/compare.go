package thirdparty

import (
	"bufio"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// differences lists the tests that pass on net and do not pass on uringnet, sorted. Where a subtest
// differs, its parents and its package, which differ only because of it, are left out.
func differences(onNet, onUringnet *outcomes) []test {
	var diffs []test
	for t, outcome := range onNet.of {
		if outcome == pass && onUringnet.get(t) != pass {
			diffs = append(diffs, t)
		}
	}
	slices.SortFunc(diffs, func(a, b test) int { return strings.Compare(a.String(), b.String()) })
	return slices.DeleteFunc(slices.Clone(diffs), func(t test) bool {
		return slices.ContainsFunc(diffs, func(sub test) bool {
			return sub.pkg == t.pkg && sub != t && (t.name == "" || strings.HasPrefix(sub.name, t.name+"/"))
		})
	})
}

// expectation is a line of expected.txt: a difference that is known, and by which words it is
// known.
type expectation struct {
	test
	// matches every line in which the test complains; nil if it is skipped or missing
	says   *regexp.Regexp
	reason string
}

// readExpected reads lines of the form "package test | regexp | reason". Lines that start with #
// are comments.
func readExpected(text string) ([]expectation, error) {
	var list []expectation
	in := bufio.NewScanner(strings.NewReader(text))
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, " | ", 3)
		names := strings.Fields(fields[0])
		if len(fields) != 3 || len(names) != 2 {
			return nil, fmt.Errorf("line %d: want \"package test | regexp | reason\": %q", n, line)
		}
		e := expectation{test: test{names[0], names[1]}, reason: fields[2]}
		if fields[1] != skip && fields[1] != missing {
			says, err := regexp.Compile(fields[1])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			e.says = says
		}
		list = append(list, e)
	}
	return list, in.Err()
}

// complaint recognises what t.Error and its kin print: "file.go:12: text".
var complaint = regexp.MustCompile(`(?m)^\s+\w+\.go:\d+: .*$`)

// covers reports whether e explains the difference of t. All complaints must be the known ones, so
// that a listed test still finds what is new.
func (e *expectation) covers(t test, outcome, said string) bool {
	if t.pkg != e.pkg || t.name != e.name && !strings.HasPrefix(t.name, e.name+"/") {
		return false
	}
	if e.says == nil {
		return outcome != fail
	}
	complaints := complaint.FindAllString(said, -1)
	for _, c := range complaints {
		if !e.says.MatchString(c) {
			return false
		}
	}
	return len(complaints) > 0
}
