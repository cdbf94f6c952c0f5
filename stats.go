package uringnet

import "reflect"

// Stats is a snapshot of what the sockets have waited for since the process started. On package net
// it is empty.
type Stats struct {
	// Rings holds one entry per group of Ps (see GOMAXPROCS) that shares a ring, or would if there
	// were one: four Ps, unless URINGNET_PS_PER_RING says otherwise.
	Rings []RingStats `json:"rings"`
}

// RingStats counts what one group of Ps did. All fields only grow, except InFlight. Without a ring
// those that count submissions and completions stay 0.
type RingStats struct {
	Submissions uint64 `json:"submissions"` // SQEs handed to the kernel
	Enters      uint64 `json:"enters"`      // io_uring_enter calls
	// completions that were there when io_uring_enter returned, at most as many as it submitted
	Ready     uint64 `json:"ready"`
	CQEs      uint64 `json:"cqes"`      // completions reaped
	Batches   uint64 `json:"batches"`   // reaps that found completions
	Parks     uint64 `json:"parks"`     // times that who serves the ring, or turns, went to sleep
	Cancels   uint64 `json:"cancels"`   // cancellations sent to the kernel
	Withdrawn uint64 `json:"withdrawn"` // operations cancelled before they were submitted
	Overflows uint64 `json:"overflows"` // times the completion queue overflowed
	Stale     uint64 `json:"stale"`     // completions that named no operation in flight
	InFlight  uint64 `json:"in_flight"` // operations staged or in the kernel now
	Watched   uint64 `json:"watched"`   // receives that waited in the runtime's poller
	// receives that waited only for other connections to have their turn
	Turns  uint64 `json:"turns"`
	Misses uint64 `json:"misses"` // waits for others after which there was still nothing
}

// ReadStats returns the counters of all groups. It costs a short lock for each; it may be called
// from any goroutine.
func ReadStats() Stats { return readRingStats() }

// Total returns the sums over all groups.
func (s Stats) Total() RingStats {
	var total RingStats
	sums := reflect.ValueOf(&total).Elem()
	for _, r := range s.Rings {
		for i := range sums.NumField() {
			sum := sums.Field(i)
			sum.SetUint(sum.Uint() + reflect.ValueOf(r).Field(i).Uint())
		}
	}
	return total
}
