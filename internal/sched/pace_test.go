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
		{"a few", true, repeat(6, 100), false},
		{"many", true, []uint64{7, 20, 7, 20}, true},
		{"not sure yet", true, repeat(20, 3), false},
		{"clearly many", true, repeat(300, 2), true},
		{"clearly many, but only once", true, repeat(300, 1), false},
		{"now and then", true, []uint64{20, 20, 1, 20, 1, 20, 20, 1}, false},
		{"fewer, but still some", true, append(repeat(64, 4), repeat(4, 100)...), true},
		{"alone again", true, append(repeat(64, 4), repeat(1, 16)...), false},
		{"alone for a short time", true, append(repeat(64, 4), repeat(1, 15)...), true},
		{"alone again after a long time", true, append(repeat(64, 1000), repeat(1, 16)...), false},
		{"very many", true, repeat(4096, 100), false},
		{"very many, one P", false, repeat(4096, 4), true},
	} {
		severalPs.Store(tc.several)
		var p Pace
		for _, gap := range tc.gaps {
			p.judge(gap, false)
		}
		if p.crowd != tc.crowd {
			t.Errorf("%s: gaps %v are a crowd: %v", tc.name, tc.gaps, p.crowd)
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
	}{{1, false}, {6, false}, {16, true}} {
		paces := make([]Pace, tc.conns)
		for range 10 * certain {
			for i := range paces {
				paces[i].Note(InPoller)
			}
		}
		for i := range paces {
			if got := paces[i].crowd; got != tc.crowd {
				t.Errorf("%d connections: number %d is in a crowd: %v", tc.conns, i, got)
			}
		}
	}
}

// Where a receive waits: with several Ps not on a ring if the connections are very many, fewer if turns are in vain.
func TestPaceOnRing(t *testing.T) {
	defer severalPs.Store(severalPs.Load())
	for _, tc := range []struct {
		several, vain bool
		last          uint64
		policy        string
		want          bool
	}{
		{false, false, 64, "auto", true},
		{false, true, 1000, "auto", true},
		{false, false, 4096, "auto", true},
		{true, false, 64, "auto", true},
		{true, true, 64, "auto", true},
		{true, false, 1000, "auto", true},
		{true, true, 1000, "auto", false},
		{true, false, 4096, "auto", false},
		{true, false, 64, "poller", false},
		{true, true, 4096, "ring", true},
	} {
		before, err := SetWait(tc.policy)
		if err != nil {
			t.Fatal(err)
		}
		severalPs.Store(tc.several)
		var p Pace
		if p.OnRing() && tc.policy != "ring" {
			t.Errorf("%+v: a new connection waits on a ring", tc)
		}
		for _, gap := range append(repeat(64, 4), tc.last) {
			p.judge(gap, tc.vain)
		}
		if got := p.OnRing(); got != tc.want {
			t.Errorf("%+v: on a ring: %v", tc, got)
		}
		SetWait(before)
	}
}

// A connection is alone after many receives with no other between: one of two has such now and then.
func TestPaceAlone(t *testing.T) {
	for _, tc := range []struct {
		name  string
		gaps  []uint64
		alone bool
	}{
		{"new", nil, false},
		{"not sure yet", repeat(1, aloneAfter-1), false},
		{"one", repeat(1, aloneAfter), true},
		{"one, for long", repeat(1, 1000), true},
		{"one of two", repeat(2, 100), false},
		{"one of two, in bursts", slices.Repeat([]uint64{1, 1, 1, 1, 5}, 20), false},
		{"one and now another", append(repeat(1, 100), 2), false},
	} {
		var p Pace
		for _, gap := range tc.gaps {
			p.judge(gap, false)
		}
		if got := p.Alone(); got != tc.alone {
			t.Errorf("%s: alone is %v", tc.name, got)
		}
	}
}
