package bench

import (
	"errors"
	"fmt"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/bench/load"
	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// Report is everything that a run of the benchmark found out, or several runs; it is what -json
// writes.
type Report struct {
	Time     time.Time `json:"time"`
	Commit   string    `json:"commit,omitempty"` // that the program was built from, if known
	Machine  Machine   `json:"machine"`
	Settings Settings  `json:"settings"`
	// if there are several; what stands above is then the first's
	Runs        []Run        `json:"runs,omitempty"`
	Cells       []CellReport `json:"cells"`
	Warnings    []string     `json:"warnings,omitempty"`
	Verdict     string       `json:"verdict"`
	Interrupted bool         `json:"interrupted,omitempty"` // some rounds are missing
}

// Run is one of the runs that a report holds the figures of.
type Run struct {
	Time     time.Time `json:"time"`
	Commit   string    `json:"commit,omitempty"`
	Machine  Machine   `json:"machine"`
	Settings Settings  `json:"settings"`
}

// Machine says where it ran.
type Machine struct {
	CPU    string `json:"cpu"`
	CPUs   int    `json:"cpus"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
}

// Settings are the options that matter to the figures.
type Settings struct {
	Rounds     int     `json:"rounds"`
	Seconds    float64 `json:"seconds"`
	Warmup     float64 `json:"warmup"`
	Pin        Pin     `json:"pin"`
	GOMAXPROCS int     `json:"gomaxprocs,omitempty"`
	Depth      int     `json:"depth"`
	Priority   bool    `json:"priority,omitempty"` // the load generator was to run before all else
}

// CellReport is a cell with what each server did in it.
type CellReport struct {
	workload.Cell
	// Capacity is how many requests/s package net answers in this work in a closed loop, of which an
	// open loop's rate is a share.
	Capacity float64        `json:"capacity,omitempty"`
	Servers  []ServerReport `json:"servers"`
}

// ServerReport is one server in one cell.
type ServerReport struct {
	Name    string  `json:"name"`
	Kind    string  `json:"kind"`
	Backend string  `json:"backend"`
	Rounds  []Round `json:"rounds"`
	Error   string  `json:"error,omitempty"` // why there are no more rounds
	Median  Figures `json:"median"`
	Ratios  *Ratios `json:"ratios,omitempty"` // to the base server, round by round; nil for itself
	// Headroom is the share of the way from the base server to the raw epoll loop, in requests/s,
	// that a server on uringnet has gone: 0 is no faster than the base, 1 as fast as the loop. Nil
	// if there was no way to go.
	Headroom *float64 `json:"headroom,omitempty"`
}

// Round is one measurement of one server.
type Round struct {
	load.Result
	Number int `json:"round"`
	Run    int `json:"run,omitempty"` // place of its run in Report.Runs
	// of the server's whole life, set-up and warm-up included
	Ring uringnet.RingStats `json:"ring"`
}

// Figures are what the table shows of a server in a cell.
type Figures struct {
	Requests  float64 `json:"requests_per_second"`
	CPU       float64 `json:"cpu_us"` // microseconds per request
	User      float64 `json:"user_us"`
	System    float64 `json:"system_us"`
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	P999      float64 `json:"p999_us"`
	Switches  float64 `json:"switches"` // context switches per request
	RSS       float64 `json:"rss"`      // bytes
	IdleBytes float64 `json:"idle_bytes,omitempty"`
}

// Spread is the middle and the ends of the values of a number of rounds. With several runs the
// middle is the median of their medians, and the ends are those of all rounds.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Runs   *Ends   `json:"runs,omitempty"` // of the medians of the runs, if there are several
}

// Ends are the least and the greatest of a number of values.
type Ends struct {
	Min float64 `json:"min"`
	Max float64 `json:"max"`
}

// Ratios compare two servers. Each round is compared with the other server's same round.
type Ratios struct {
	Requests Spread  `json:"requests_per_second"`
	CPU      Spread  `json:"cpu"`
	P50      Spread  `json:"p50"`
	P99      Spread  `json:"p99"`
	P999     Spread  `json:"p999"`
	Idle     *Spread `json:"idle_bytes,omitempty"`
}

// failure tells why the report is not what was asked for, if so. That a server made for comparison
// fails is no failure: the table says so, and the others are still comparable.
func (r *Report) failure() error {
	for _, c := range r.Cells {
		for _, s := range c.Servers {
			if s.Error != "" && (s.Kind == server.Net || s.Kind == server.Uringnet) {
				return fmt.Errorf("%s: %s failed: %s", c.Name, s.Name, s.Error)
			}
		}
	}
	if r.Interrupted {
		return errors.New("interrupted: the table holds what was measured until then")
	}
	return nil
}

func (r Round) figures() Figures {
	n := float64(r.Requests)
	const micro = 1e6
	return Figures{
		Requests:  n / r.Seconds,
		CPU:       r.CPU / n * micro,
		User:      r.User / n * micro,
		System:    r.System / n * micro,
		P50:       r.P50,
		P99:       r.P99,
		P999:      r.P999,
		Switches:  float64(r.Switches) / n,
		RSS:       float64(r.RSS),
		IdleBytes: r.IdleBytes,
	}
}
