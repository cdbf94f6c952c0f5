//go:build linux

package sched

import (
	"reflect"
	"sync/atomic"
	"testing"
)

// Each counter is shown under its own name.
func TestStatsShowCounters(t *testing.T) {
	w := new(worker)
	counted := reflect.ValueOf(&w.counters.counts).Elem()
	for i := range counted.NumField() {
		counted.Field(i).Addr().Interface().(*atomic.Uint64).Store(uint64(i + 1))
	}
	for range 3 {
		w.table.insert(new(Op))
	}
	got := reflect.ValueOf(w.stats())
	for i := range got.NumField() {
		name, want := got.Type().Field(i).Name, uint64(i+1)
		if name == "InFlight" {
			want = 3
		}
		if n := got.Field(i).Uint(); n != want || counted.Type().Field(i).Name != name {
			t.Errorf("%s is %d, want %d", name, n, want)
		}
	}
}
