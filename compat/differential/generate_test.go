package differential

import (
	"flag"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

var without = flag.String("without", "", "leave these `operations` out of the scripts (comma-separated), to look past a known difference")

func leftOut(op string) bool { return slices.Contains(strings.Split(*without, ","), op) }

// phrases are sequences that single random steps rarely hit upon. Each runs on one end; "^" marks a
// step of its peer.
var phrases = [][]string{
	// a deadline that is over
	{"read-deadline-past", "read", "read-deadline-clear", "^write", "read"},
	// a blocked read interrupted
	{"read", "read-deadline-past", "read-deadline-clear", "^write", "read"},
	// data for a read that gave up
	{"read", "read-deadline-past", "^write", "read-deadline-clear", "read"},
	// the same, by the clock
	{"read-times-out", "^write", "deadline-clear", "read", "read"},
	// the end, for a read that gave up
	{"read", "deadline-past", "^close", "deadline-clear", "read"},
	// an error, for a read that gave up
	{"read", "deadline-past", "^reset", "deadline-clear", "read", "write"},
	// closed with unread data
	{"read-deadline-past", "read", "^write", "close", "^read", "^write"},
	{"close-write", "^read", "^write", "read", "^close", "read"},      // half-closed
	{"write", "close", "^read", "^read", "^write", "^write", "^read"}, // gone
	// more than the read asked for
	{"read", "^copy-in", "read", "read"},
	// the other direction
	{"write-deadline-past", "write", "write-deadline-clear", "write", "^read", "^read"},
	{"^write", "^close-write", "read", "copy-out", "write", "^read"},
}

// scripts generates random scripts.
func scripts() *rapid.Generator[Script] {
	names := slices.DeleteFunc(slices.Clone(opNames), leftOut)
	some := rapid.Custom(func(t *rapid.T) []Step {
		s := Step{
			Op:   rapid.SampledFrom(names).Draw(t, "op"),
			Pair: rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "pair"), // depth matters more than breadth
			End:  rapid.IntRange(0, 1).Draw(t, "end"),
			N:    rapid.SampledFrom(sizes).Draw(t, "n"),
		}
		if which := rapid.IntRange(0, 4*len(phrases)).Draw(t, "phrase"); which > 0 && which <= len(phrases) {
			return say(phrases[which-1], s)
		}
		return []Step{s}
	})
	return rapid.Custom(func(t *rapid.T) Script {
		return Script{
			Network: rapid.SampledFrom(networks).Draw(t, "network"),
			Steps:   slices.Concat(rapid.SliceOfN(some, 1, 30).Draw(t, "steps")...),
		}
	})
}

// say makes steps of a phrase, on the connection and with the size of a given step.
func say(phrase []string, like Step) []Step {
	var steps []Step
	for _, op := range phrase {
		s := like
		if peer := strings.TrimPrefix(op, "^"); peer != op {
			s.End, op = 1-s.End, peer
		}
		s.Op = op
		if !leftOut(op) {
			steps = append(steps, s)
		}
	}
	return steps
}
