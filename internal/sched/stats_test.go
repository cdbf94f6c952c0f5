//go:build linux

package sched

import (
	"reflect"
	"sync/atomic"
	"testing"
)

// Each counter is shown under its own name, and a receive that yielded as one that had a turn.
func TestStatsShowCounters(t *testing.T) {
	w := new(worker)
	counted := reflect.ValueOf(&w.counters.counts).Elem()
	for i := range counted.NumField() {
		counted.Field(i).Addr().Interface().(*atomic.Uint64).Store(uint64(i + 1))
	}
	w.counters.yielded.Store(100)
	for range 3 {
		w.table.insert(new(Op))
	}
	got := reflect.ValueOf(w.stats())
	for i := range got.NumField() {
		name, want := got.Type().Field(i).Name, uint64(i+1)
		switch name {
		case "Turns":
			want += 100
		case "InFlight":
			want = 3
		}
		if n := got.Field(i).Uint(); n != want || counted.Type().Field(i).Name != name {
			t.Errorf("%s is %d, want %d", name, n, want)
		}
	}
}
