package metrics

// description is what a counter is called, and what Prometheus shows beside it.
type description struct {
	name  string
	help  string
	gauge bool // it does not only grow
}

// described has an entry for each field of uringnet.RingStats. Each help text is the first sentence
// of that field's documentation; a test compares them.
var described = map[string]description{
	"Submissions": {name: "submissions_total", help: "SQEs handed to the kernel."},
	"Enters":      {name: "enters_total", help: "Calls of io_uring_enter."},
	"Ready": {name: "ready_completions_total",
		help: "Completions that were there when io_uring_enter returned, at most as many as it submitted."},
	"CQEs":    {name: "completions_total", help: "Completions reaped."},
	"Batches": {name: "batches_total", help: "Reaps that found completions."},
	"Parks": {name: "parks_total",
		help: "Times that a goroutine that serves the ring, or turns, went to sleep."},
	"Cancels":   {name: "cancellations_total", help: "Cancellations sent to the kernel."},
	"Withdrawn": {name: "withdrawn_total", help: "Operations cancelled before they were submitted."},
	"Overflows": {name: "overflows_total", help: "Times the completion queue overflowed."},
	"Stale": {name: "stale_completions_total",
		help: "Completions that named no operation in flight."},
	"InFlight": {name: "operations_in_flight", help: "Operations staged or in the kernel now.", gauge: true},
	"Watched": {name: "poller_waits_total",
		help: "Receives that waited in the runtime's poller, as all do in package net."},
	"Turns": {name: "turns_total",
		help: "Receives that waited only for other connections to have their turn."},
	"Misses": {name: "turns_missed_total", help: "Waits for others after which there was still nothing."},
}
