package apitest

import (
	"reflect"
	"testing"

	"github.com/uringnet/uringnet"
)

// Total sums each field up by itself.
func TestStatsTotal(t *testing.T) {
	var s uringnet.Stats
	for group := range uint64(3) {
		var r uringnet.RingStats
		fields := reflect.ValueOf(&r).Elem()
		for i := range fields.NumField() {
			fields.Field(i).SetUint(uint64(i+1) * (group + 1))
		}
		s.Rings = append(s.Rings, r)
	}
	total := s.Total()
	for i := range reflect.TypeFor[uringnet.RingStats]().NumField() {
		if got, want := reflect.ValueOf(total).Field(i).Uint(), uint64(i+1)*6; got != want {
			t.Errorf("field %d sums up to %d, want %d", i, got, want)
		}
	}
	if total.Submissions != 6 || total.Misses != 14*6 {
		t.Errorf("%+v", total)
	}
}
