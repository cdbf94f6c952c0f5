//go:build linux

package sched

import (
	"runtime"
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
		{"alone", true, []uint64{1, 1, 1, 1, 1, 1}, false},
		{"a few", true, []uint64{11, 11, 11, 11, 11, 11}, false},
		{"many", true, []uint64{12, 300, 12, 300}, true},
		{"not sure yet", true, []uint64{64, 64, 64}, false},
		{"now and then", true, []uint64{64, 64, 1, 64, 1, 64, 64, 1}, false},
		{"fewer, but still some", true, []uint64{64, 64, 64, 64, 6, 6, 6, 6, 6}, true},
		{"alone again", true, []uint64{64, 64, 64, 64, 1, 1, 1, 1}, false},
		{"not sure that it is over", true, []uint64{64, 64, 64, 64, 1, 1, 1}, true},
		{"too many", true, []uint64{4096, 4096, 4096, 4096, 4096}, false},
		{"too many, one P", false, []uint64{4096, 4096, 4096, 4096}, true},
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
