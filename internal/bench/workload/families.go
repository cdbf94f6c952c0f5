package workload

import (
	"fmt"
	"time"
)

// family is a group of cells that differ in the number of connections and in the rate only.
type family struct {
	group string
	title string
	work  Workload
	conns []int
	rates []rate // of an open loop; nil for a closed one
}

// idleActive is the number of connections that carry traffic in the idle cells, whose names count
// the silent ones.
const idleActive = 16

// threeRates are shares of what package net can do: hardly busy, half, nearly all.
var threeRates = []rate{{share: 0.2}, {share: 0.5}, {share: 0.8}}

// MostConns is how many connections are tried at most where as many are wanted as the limit of
// descriptors allows.
const MostConns = 25_000

// most stands for that number in the names of cells.
const most = "max"

var half = []rate{{share: 0.5}}

func burning(burn time.Duration, oneIn int) Workload {
	return Workload{Kind: HTTPBurn, Burn: burn, BurnOneIn: oneIn}
}

func searching(files, size int, cold bool) Workload {
	return Workload{Kind: Search, Files: files, Size: size, Cold: cold}
}

var families = []family{
	{"echo64", "small echoes (64 B)", Workload{Kind: Echo, Size: 64}, []int{1, 8, 64, 512, 4096}, nil},
	{"echo16k", "16 KiB echoes", Workload{Kind: Echo, Size: 16 << 10}, []int{64}, nil},
	{"stream-up", "1 MiB streams to the server", Workload{Kind: StreamUp, Size: 1 << 20}, []int{4}, nil},
	{"stream-down", "1 MiB streams to the client", Workload{Kind: StreamDown, Size: 1 << 20}, []int{4}, nil},
	{"http", "HTTP hello", Workload{Kind: HTTP}, []int{1, 16, 128}, nil},
	{"httpfile", "HTTP files (64 KiB)", Workload{Kind: HTTPFile, Size: 64 << 10}, []int{32}, nil},
	{"churn", "connections of one request", Workload{Kind: Churn, Size: 64}, []int{32}, nil},
	{"fanout", "fan-out (64 B)", Workload{Kind: Fanout, Size: 64}, []int{512}, nil},
	{"tail", "echoes beside busy handlers", Workload{Kind: Tail, Size: 64, Burn: 2 * time.Millisecond}, []int{64}, nil},
	{"idle", "echoes beside idle connections", Workload{Kind: Idle, Size: 64}, []int{8000}, nil},
	{"http-unix", "HTTP over Unix sockets", Workload{Kind: HTTPUnix}, []int{64}, nil},
	{"https", "HTTPS hello", Workload{Kind: HTTPS}, []int{64}, nil},
	{"http2", "HTTP/2 hello, 16 streams a connection", Workload{Kind: HTTP2, Depth: 16}, []int{8}, nil},
	{"proxy", "a reverse proxy", Workload{Kind: Proxy}, []int{64}, nil},
	{"echo64-many", "small echoes on very many connections", Workload{Kind: Echo, Size: 64}, []int{10_000, MostConns}, nil},
	{"push", "messages that the server sends now and then", Workload{Kind: Push, Size: 64}, []int{1000}, nil},
	{"open-echo64", "small echoes at a given rate", Workload{Kind: Echo, Size: 64}, []int{1000}, threeRates},
	{"open-http", "HTTP hello at a given rate", Workload{Kind: HTTP}, []int{1000}, threeRates},
	{"burn50us", "HTTP handlers that burn 50 us", burning(50*time.Microsecond, 1), []int{200}, half},
	{"burn500us", "HTTP handlers that burn 500 us", burning(500*time.Microsecond, 1), []int{200}, half},
	{"burn5ms", "HTTP handlers that burn 5 ms", burning(5*time.Millisecond, 1), []int{200}, half},
	{"burn50us-10th", "HTTP where one in ten burns 50 us", burning(50*time.Microsecond, 10), []int{200}, half},
	{"burn500us-10th", "HTTP where one in ten burns 500 us", burning(500*time.Microsecond, 10), []int{200}, half},
	{"burn5ms-10th", "HTTP where one in ten burns 5 ms", burning(5*time.Millisecond, 10), []int{200}, half},
	{"file-small", "a search through 100,000 files of 4 KiB in memory", searching(100_000, 4<<10, false), []int{64}, nil},
	{"file-small-cold", "the same from disk", searching(100_000, 4<<10, true), []int{64}, nil},
	{"file-large", "a search through 1,000 files of 1 MiB in memory", searching(1000, 1<<20, false), []int{64}, nil},
	{"file-large-cold", "the same from disk", searching(1000, 1<<20, true), []int{64}, nil},
}

// cell is the cell with that number of connections, in an open loop if r is not the zero rate.
func (f family) cell(conns int, r rate) Cell {
	w := f.work
	w.Depth = max(1, w.Depth)
	w.Conns = conns
	w.Share, w.Rate = r.share, r.perSecond
	if w.Kind == Idle {
		w.Conns, w.IdleConns = idleActive, conns
	}
	c := Cell{Name: fmt.Sprintf("%s/%d", f.group, conns), Title: f.title, Work: w}
	if conns == MostConns {
		c.Name = f.group + "/" + most
	}
	if w.Open() {
		c.Name += "@" + r.String()
	}
	return c
}

func (f family) cells() []Cell {
	var cells []Cell
	for _, n := range f.conns {
		cells = append(cells, f.atRates(n)...)
	}
	return cells
}

// atRates are the family's cells with that number of connections.
func (f family) atRates(conns int) []Cell {
	if f.rates == nil {
		return []Cell{f.cell(conns, rate{})}
	}
	var cells []Cell
	for _, r := range f.rates {
		cells = append(cells, f.cell(conns, r))
	}
	return cells
}
