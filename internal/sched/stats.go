//go:build linux

package sched

import (
	"reflect"
	"sync/atomic"
)

// Stats is what one group of Ps has done.
type Stats counts[uint64]

// counts has a field for each number that is shown: those of uringnet.RingStats, which explains
// them, in the same order. In Stats they are numbers, in counters they are counted.
type counts[N uint64 | atomic.Uint64] struct {
	Submissions N
	Enters      N
	Ready       N
	CQEs        N
	Batches     N
	Parks       N
	Cancels     N
	Withdrawn   N
	Overflows   N
	Stale       N
	InFlight    N // not counted: the table knows it
	Watched     N
	Turns       N
	Misses      N
}

// counters are what a worker counts. They are read without a lock.
//
// Every receive counts in Watched, Turns or Misses and in those below. These lie together, so that
// a receive touches few cache lines, and the padding keeps them off those of other fields, which
// many receives only read. The first of counts change once for each system call or batch.
type counters struct {
	_ [cacheLine]byte
	counts[atomic.Uint64]

	// arrivals is how many receives had to wait and have ended, but for those of streams in the
	// poller. All completions are taken for receives.
	arrivals atomic.Uint64
	_        [cacheLine]byte
}

const cacheLine = 64

// ReadStats returns what each group of Ps has done. A group that has noted no receive may be
// missing.
func ReadStats() []Stats {
	var out []Stats
	for _, w := range all() {
		if w != nil {
			out = append(out, w.stats())
		}
	}
	return out
}

func (w *worker) stats() Stats {
	s := w.counters.read()
	w.mu.Lock()
	s.InFlight = uint64(w.table.inFlight())
	w.mu.Unlock()
	return s
}

// read goes through the fields by reflection, so that there is one list of them.
func (c *counters) read() (s Stats) {
	counted, numbers := reflect.ValueOf(&c.counts).Elem(), reflect.ValueOf(&s).Elem()
	for i := range numbers.NumField() {
		n := counted.Field(i).Addr().Interface().(*atomic.Uint64)
		numbers.Field(i).SetUint(n.Load())
	}
	return s
}
