//go:build linux

package sched

import (
	"runtime"
	"slices"
	"testing"
)

func TestPace(t *testing.T) {
	defer severalPs.Store(severalPs.Load())
	for _, tc := range []struct {
		name    string
		several bool
		gaps    []uint64
		crowd   bool
	}{
		{"alone", true, repeat(1, 100), false},
		{"a few", true, repeat(11, 100), false},
		{"many", true, []uint64{12, 300, 12, 300}, true},
		{"not sure yet", true, repeat(64, 3), false},
		{"now and then", true, []uint64{64, 64, 1, 64, 1, 64, 64, 1}, false},
		{"fewer, but still some", true, append(repeat(64, 4), repeat(6, 100)...), true},
		{"alone again", true, append(repeat(64, 4), repeat(1, 16)...), false},
		{"alone for a short time", true, append(repeat(64, 4), repeat(1, 15)...), true},
		{"alone again after a long time", true, append(repeat(64, 1000), repeat(1, 16)...), false},
		{"too many", true, repeat(4096, 100), false},
		{"too many, one P", false, repeat(4096, 4), true},
	} {
		severalPs.Store(tc.several)
		var p Pace
		for _, gap := range tc.gaps {
			p.judge(gap)
		}
		if p.Crowd() != tc.crowd {
			t.Errorf("%s: gaps %v are a crowd: %v", tc.name, tc.gaps, p.Crowd())
		}
	}
}

func repeat(gap uint64, n int) []uint64 { return slices.Repeat([]uint64{gap}, n) }

// What counts is how many connections receive, not how much each of them does.
func TestPaceCountsConnections(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // one group
	for _, tc := range []struct {
		conns int
		crowd bool
	}{{1, false}, {4, false}, {16, true}} {
		paces := make([]Pace, tc.conns)
		for range 10 * certain {
			for i := range paces {
				paces[i].Note(false)
			}
		}
		for i := range paces {
			if got := paces[i].Crowd(); got != tc.crowd {
				t.Errorf("%d connections: number %d is in a crowd: %v", tc.conns, i, got)
			}
		}
	}
}
