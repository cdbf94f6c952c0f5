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
//
// Each field says first what it counts, then what it means when it grows, and what to do. What is
// not said to be a fault is work that was done: it grows with the load.
type RingStats struct {
	// SQEs handed to the kernel. They are receives that wait on a ring, their cancellations, and
	// requests that do nothing. It grows with the load of a crowd, and needs no action.
	Submissions uint64 `json:"submissions"`

	// Calls of io_uring_enter. Submissions divided by Enters is how many requests share a system
	// call. Where that stays near 1, the ring gains nothing: measure with URINGNET=poller.
	Enters uint64 `json:"enters"`

	// Completions that were there when io_uring_enter returned, at most as many as it submitted.
	// If it grows almost as fast as Submissions, data is there before the kernel is asked for it:
	// the server is busy all the time. If latency suffers, give it more CPUs.
	Ready uint64 `json:"ready"`

	// Completions reaped. It follows Submissions. If it stays behind for good, see InFlight.
	CQEs uint64 `json:"cqes"`

	// Reaps that found completions. CQEs divided by Batches is how many goroutines one pass wakes.
	// It grows with the load, and needs no action.
	Batches uint64 `json:"batches"`

	// Times that a goroutine that serves the ring, or turns, went to sleep. Each costs a wake-up
	// afterwards. If it grows as fast as CQEs, hardly any requests come together: measure with
	// URINGNET=poller.
	Parks uint64 `json:"parks"`

	// Cancellations sent to the kernel. Each costs two system calls: Close, or a deadline, has
	// ended a receive that was on a ring. It happens at most once for each connection, but for
	// what is repeated. If it grows fast, connections are short: measure with URINGNET=poller.
	Cancels uint64 `json:"cancels"`

	// Operations cancelled before they were submitted. They cost no system call. It grows where
	// Close or a deadline comes right after a Read began, and needs no action.
	Withdrawn uint64 `json:"withdrawn"`

	// Times the completion queue overflowed. Nothing is lost, since the kernel keeps the rest in a
	// list, but that costs memory and a system call. If it grows, goroutines that compute keep the
	// completions from being reaped: raise GOMAXPROCS, or set URINGNET_PS_PER_RING to less than 4.
	Overflows uint64 `json:"overflows"`

	// Completions that named no operation in flight. It stays 0. If it grows, that is a fault in
	// uringnet or in the kernel: report it with the version of both, and set URINGNET=poller.
	Stale uint64 `json:"stale"`

	// Operations staged or in the kernel now. It is at most the number of connections. If it grows
	// beyond that, or stays where it was when all are closed, report it as a fault.
	InFlight uint64 `json:"in_flight"`

	// Receives that waited in the runtime's poller, as all do in package net. Here those do that
	// found nothing after their turn or had none, but for those that wait on a ring. It grows with
	// the load, and needs no action.
	Watched uint64 `json:"watched"`

	// Receives that waited only for other connections to have their turn. They are the cheapest
	// ones. It grows with the load of a crowd, and needs no action.
	Turns uint64 `json:"turns"`

	// Waits for others after which there was still nothing. Each has cost a park and a recv. If
	// it grows faster than Turns, clients are far away or slow to ask again, and most receives do
	// without a turn by then. If latency suffers, measure with URINGNET=off.
	Misses uint64 `json:"misses"`
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
