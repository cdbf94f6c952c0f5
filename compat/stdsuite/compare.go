package main

import (
	"slices"
	"strings"
)

// difference is a test that passes on net and does not pass on uringnet.
type difference struct {
	Test    string
	Outcome string       // what it did on uringnet: fail, skip, or missing
	Why     *expectation // what explains it, or nil
}

// missing is the outcome of a test that did not run to its end.
const missing = "missing"

// compare lists what passes on net and does not pass on uringnet. Where a subtest differs,
// its parents, which differ only because of it, are left out.
func compare(onNet, onUringnet results) []difference {
	var diffs []difference
	differs := func(name string) (string, bool) {
		outcome, ran := onUringnet[name]
		if !ran {
			outcome = missing
		}
		return outcome, onNet[name] == pass && outcome != pass
	}
	for name := range onNet {
		if outcome, ok := differs(name); ok && !unstableName(name, outcome, onUringnet) {
			diffs = append(diffs, difference{Test: name, Outcome: outcome})
		}
	}
	if onUringnet[wholePackage] == fail && onNet[wholePackage] != fail {
		diffs = append(diffs, difference{Test: wholePackage, Outcome: fail})
	}
	slices.SortFunc(diffs, func(a, b difference) int { return strings.Compare(a.Test, b.Test) })
	return slices.DeleteFunc(slices.Clone(diffs), func(d difference) bool {
		return slices.ContainsFunc(diffs, func(sub difference) bool {
			return strings.HasPrefix(sub.Test, d.Test+"/") && sub.Outcome == d.Outcome
		})
	})
}

// unstableName recognises a subtest whose name holds a port or another random number: it is missing
// under that name, but its parent ran and passed, with as many subtests as it has.
func unstableName(name, outcome string, onUringnet results) bool {
	if outcome != missing || !strings.ContainsAny(name, "0123456789") {
		return false
	}
	slash := strings.LastIndexByte(name, '/')
	if slash < 0 || onUringnet[name[:slash]] != pass {
		return false
	}
	shape := digitsAsOne(name)
	for other := range onUringnet {
		if digitsAsOne(other) == shape {
			return true
		}
	}
	return false
}

func digitsAsOne(s string) string {
	var b strings.Builder
	digits := false
	for _, c := range s {
		isDigit := c >= '0' && c <= '9'
		if !isDigit {
			b.WriteRune(c)
		} else if !digits {
			b.WriteByte('#')
		}
		digits = isDigit
	}
	return b.String()
}
