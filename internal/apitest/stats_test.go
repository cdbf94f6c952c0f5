package apitest

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uringnet/uringnet"
)

// Total sums each field up by itself.
func TestStatsTotal(t *testing.T) {
	s := uringnet.Stats{Rings: []uringnet.RingStats{multiples(1), multiples(2), multiples(3)}}
	if diff := cmp.Diff(multiples(1+2+3), s.Total()); diff != "" {
		t.Errorf("the total (-want +got):\n%s", diff)
	}
}

// multiples has a number of its own in each field, n times.
func multiples(n uint64) (r uringnet.RingStats) {
	fields := reflect.ValueOf(&r).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetUint(n * uint64(i+1))
	}
	return r
}
