//go:build linux

package sched

import (
	"runtime"
	"slices"
	"testing"
)

func TestPlacement(t *testing.T) {
	for _, tc := range []struct {
		name  string
		gaps  []uint64
		crowd bool
	}{
		{"alone", repeat(1, 100), false},
		{"a few", repeat(6, 100), false},
		{"many", []uint64{7, 20, 7, 20}, true},
		{"not sure yet", repeat(20, 3), false},
		{"clearly many", repeat(300, 2), true},
		{"clearly many, but only once", repeat(300, 1), false},
		{"now and then", []uint64{20, 20, 1, 20, 1, 20, 20, 1}, false},
		{"fewer, but still some", append(repeat(64, 4), repeat(4, 100)...), true},
		{"alone again", append(repeat(64, 4), repeat(1, 16)...), false},
		{"alone for a short time", append(repeat(64, 4), repeat(1, 15)...), true},
		{"alone again after a long time", append(repeat(64, 1000), repeat(1, 16)...), false},
		{"very many", repeat(4096, 2), true},
	} {
		var p Placement
		for _, gap := range tc.gaps {
			p.update(gap)
		}
		if p.crowd != tc.crowd {
			t.Errorf("%s: gaps %v are a crowd: %v", tc.name, tc.gaps, p.crowd)
		}
	}
}

func repeat(gap uint64, n int) []uint64 { return slices.Repeat([]uint64{gap}, n) }

// What counts is how many connections receive, not how much each of them does.
func TestPlacementCountsConnections(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // one group
	for _, tc := range []struct {
		conns int
		crowd bool
	}{{1, false}, {6, false}, {16, true}} {
		placements := make([]Placement, tc.conns)
		for range 10 * joinAfter {
			for i := range placements {
				placements[i].Note(InPoller)
			}
		}
		for i := range placements {
			if got := placements[i].crowd; got != tc.crowd {
				t.Errorf("%d connections: number %d is in a crowd: %v", tc.conns, i, got)
			}
		}
	}
}

// Where a receive waits: in a crowd on a ring, if one P serves it, unless turns are wasted, or it
// is too large.
func TestPlacementOnRing(t *testing.T) {
	ringHere(t)
	defer severalPs.Store(severalPs.Load())
	for _, tc := range []struct {
		severalPs, turnsWasted bool
		gap                    uint64
		policy                 string
		want                   bool
	}{
		{false, false, 64, "auto", true},
		{true, false, 64, "auto", false},
		{false, true, 64, "auto", false},
		{false, false, tooLargeFrom - 1, "auto", true},
		{false, false, tooLargeFrom, "auto", false},
		{false, false, 64, "poller", false},
		{true, true, tooLargeFrom, "ring", true},
	} {
		before, err := SetWait(tc.policy)
		if err != nil {
			t.Fatal(err)
		}
		severalPs.Store(tc.severalPs)
		p := Placement{w: &worker{}}
		if p.OnRing() && tc.policy != "ring" {
			t.Errorf("%+v: a new connection waits on a ring", tc)
		}
		for range 4 {
			p.update(tc.gap)
		}
		p.w.wasted.most.Store(tc.turnsWasted)
		if got := p.OnRing(); got != tc.want {
			t.Errorf("%+v: on a ring: %v", tc, got)
		}
		SetWait(before)
	}
}

// A connection is alone after many receives with no other between: one of two has such now and
// then.
func TestPlacementAlone(t *testing.T) {
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
		var p Placement
		for _, gap := range tc.gaps {
			p.update(gap)
		}
		if got := p.Alone(); got != tc.alone {
			t.Errorf("%s: alone is %v", tc.name, got)
		}
	}
}

// BenchmarkNote is what each receive that waited writes to memory that other Ps write, too. With
// -cpu 1,2,4,8,16 it tells what that costs where so many processors are there.
func BenchmarkNote(b *testing.B) {
	before, err := SetWait("poller")
	if err != nil {
		b.Fatal(err)
	}
	defer SetWait(before)
	b.RunParallel(func(pb *testing.PB) {
		var p Placement
		for pb.Next() {
			p.Note(InPoller)
		}
	})
}
