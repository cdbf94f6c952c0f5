package bench

import (
	"slices"

	"github.com/uringnet/uringnet/internal/bench/load"
	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// measured makes up a round of one second with the given requests/s, CPU microseconds per request
// and p99.
func measured(number int, requests, cpu, p99 float64) Round {
	return Round{Number: number, Result: load.Result{
		Requests: uint64(requests),
		Seconds:  1,
		CPU:      requests * cpu / 1e6,
		User:     requests * cpu / 4e6,
		System:   requests * cpu * 3 / 4e6,
		P50:      p99 / 2,
		P99:      p99,
		P999:     p99 * 2,
		Switches: uint64(requests / 10),
		RSS:      10 << 20,
	}}
}

// served makes up a server whose rounds differ from each other by the factors in jitter.
func served(kind string, jitter []float64, requests, cpu, p99 float64) ServerReport {
	s := ServerReport{Name: kind, Kind: kind, Backend: "io_uring (made up)"}
	for i, j := range jitter {
		s.Rounds = append(s.Rounds, measured(i+1, requests*j, cpu/j, p99/j))
	}
	return s
}

func cellNamed(name string) workload.Cell {
	cells, err := workload.Select(name)
	if err != nil {
		panic(err)
	}
	return cells[0]
}

var steady = []float64{1, 1.01, 0.99, 1.02, 0.98}

// reportOf makes up a report of one cell in which uringnet needs the given share of net's CPU time.
func reportOf(cell string, jitter []float64, cpu float64) *Report {
	c := CellReport{Cell: cellNamed(cell), Servers: []ServerReport{
		served(server.Net, jitter, 100_000, 8, 1000),
		served(server.Uringnet, steady, 100_000/cpu, 8*cpu, 1000*cpu),
		served(server.Epoll, steady, 200_000, 4, 500),
	}}
	c.summarize()
	return &Report{
		Machine:  Machine{CPU: "Abacus", CPUs: 2, Kernel: "6.18", Go: "go1.26"},
		Settings: Settings{Rounds: len(jitter), Seconds: 1, Depth: 1, Pin: Pin{Server: []int{0}, Client: []int{1}}},
		Cells:    []CellReport{c},
	}
}

// openReport makes up a report of one open-loop cell: a rate of 1000 requests/s, at which uringnet
// needs the given share of net's CPU time and of its latency.
func openReport(cell string, share float64) *Report {
	r := reportOf(cell, steady, share)
	c := &r.Cells[0]
	c.Work.Rate, c.Capacity = 1000, 1000/c.Work.Share
	for i := range c.Servers {
		for j := range c.Servers[i].Rounds {
			d := &c.Servers[i].Rounds[j]
			perRequest := d.CPU / float64(d.Requests)
			d.Requests, d.CPU, d.LateP99 = 1000, 1000*perRequest, 30
		}
	}
	c.summarize()
	return r
}

// with joins the cells of several reports.
func with(reports ...*Report) *Report {
	r := *reports[0]
	r.Cells = nil
	for _, other := range reports {
		r.Cells = slices.Concat(r.Cells, other.Cells)
	}
	return &r
}
