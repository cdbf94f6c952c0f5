// Package load is the benchmark's load generator: one thread that runs an epoll loop over all
// connections, with the latency of every message in an HDR histogram. Most work is a closed loop: a
// connection sends its next message when the answer to an earlier one has arrived. Work with a rate
// is an open loop, see openLoop.
package load

import (
	"time"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// Config is one measurement.
type Config struct {
	Addr      string            `json:"addr"` // of the server, see parseAddr
	ServerPID int               `json:"server_pid"`
	OriginPID int               `json:"origin_pid,omitempty"` // of the server behind a proxy
	Work      workload.Workload `json:"work"`
	Warmup    time.Duration     `json:"warmup"`
	Window    time.Duration     `json:"window"`
	Seed      uint64            `json:"seed"` // of what an open loop draws
	// run before all other processes, if that is permitted
	Priority bool `json:"priority,omitempty"`
}

// Result is what was measured in the window. Times are in seconds unless their name says otherwise.
type Result struct {
	Requests  uint64  `json:"requests"`
	Seconds   float64 `json:"seconds"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	P999      float64 `json:"p999_us"`
	Max       float64 `json:"max_us"`
	CPU       float64 `json:"cpu"`    // of the server
	User      float64 `json:"user"`   // its share in user mode
	System    float64 `json:"system"` // its share in the kernel
	Switches  uint64  `json:"switches"`
	RSS       int64   `json:"rss"`        // of the server at the end of the window, bytes
	IdleBytes float64 `json:"idle_bytes"` // server memory per idle connection, in idle cells
	ClientCPU float64 `json:"client_cpu"` // of the load generator
	OtherCPU  float64 `json:"other_cpu"`  // of everything else on the machine
	Stolen    float64 `json:"stolen"`     // CPU time taken by the hypervisor

	// LateP99 is how late an open loop was with the latest 1 % of its requests, from the intended
	// moment to the call of write.
	LateP99 float64 `json:"late_us,omitempty"`
	// why it did not run before all others, if it was to
	NoPriority string `json:"no_priority,omitempty"`
}
