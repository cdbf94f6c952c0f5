// Package cells says what compat/bench measures, and what its servers and clients send each other.
package cells

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// The kinds of work besides those of internal/bench/workload.
const (
	// github.com/valyala/fasthttp, GET / answered by a short text
	Fasthttp workload.Kind = "fasthttp"
	Redcon   workload.Kind = "redcon" // github.com/tidwall/redcon, GET of Redis
	// google.golang.org/grpc, unary calls, Depth streams a connection
	GRPC      workload.Kind = "grpc"
	WebSocket workload.Kind = "websocket" // github.com/coder/websocket, echoes
)

// The kinds of servers besides those of internal/bench/server: event loops that others wrote.
const (
	Gnet    = "gnet"    // github.com/panjf2000/gnet/v2
	Nbio    = "nbio"    // github.com/lesismal/nbio
	Netpoll = "netpoll" // github.com/cloudwego/netpoll
)

// Servers returns the kinds of servers in the order of the table.
func Servers() []string {
	return []string{server.Net, server.Uringnet, server.Whole, Gnet, Nbio, Netpoll, server.Epoll}
}

// Runs reports whether a kind of server can do a kind of work.
func Runs(kind string, w workload.Workload) bool {
	switch kind {
	case Gnet, Nbio, Netpoll:
		return w.Kind == workload.Echo
	case server.Epoll:
		return w.HasEpoll()
	}
	return true
}

// shared are the cells of uringnet bench that are measured here unless others are chosen.
const shared = "echo64/64,http/64,https/64,http2/8,proxy/64,open-echo64"

// family is a group of cells that differ in the number of connections only.
type family struct {
	group, title string
	conns        int // unless another number is chosen
	work         workload.Workload
}

var families = []family{
	{"fasthttp", "fasthttp hello", 64, workload.Workload{Kind: Fasthttp, Depth: 1}},
	{"redcon", "redcon GET", 64, workload.Workload{Kind: Redcon, Depth: 1}},
	{"grpc", "gRPC unary calls (16 streams a connection)", 8, workload.Workload{Kind: GRPC, Depth: 16}},
	{"websocket", "WebSocket echoes", 64, workload.Workload{Kind: WebSocket, Depth: 1}},
}

func (f family) cell(conns int) workload.Cell {
	w := f.work
	w.Conns = conns
	return workload.Cell{Name: fmt.Sprintf("%s/%d", f.group, conns), Title: f.title, Work: w}
}

// Default returns the cells that are measured unless others are chosen, in the order of the table.
func Default() []workload.Cell {
	chosen, err := workload.Select(shared)
	if err != nil {
		panic(err)
	}
	for _, f := range families {
		chosen = append(chosen, f.cell(f.conns))
	}
	return chosen
}

// Names returns the names of the cells of Default.
func Names() []string {
	var names []string
	for _, c := range Default() {
		names = append(names, c.Name)
	}
	return names
}

// Select returns the cells that a comma-separated list names, in the order of the table. An item is
// the name of a group, or a group with a number of connections ("redcon/100"), or what
// workload.Select takes. The empty list means Default.
func Select(list string) ([]workload.Cell, error) {
	if strings.TrimSpace(list) == "" {
		return Default(), nil
	}
	conns := make([][]int, len(families))
	var others []string
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		group, number, hasNumber := strings.Cut(item, "/")
		at := slices.IndexFunc(families, func(f family) bool { return f.group == group })
		switch {
		case item == "":
			return nil, fmt.Errorf("%q has an empty item", list)
		case at < 0:
			others = append(others, item)
			continue
		}
		n := families[at].conns
		if hasNumber {
			const most = 1<<16 - 1
			var err error
			if n, err = strconv.Atoi(number); err != nil || n < 1 || n > most {
				return nil, fmt.Errorf("%q: want 1 to %d connections", item, most)
			}
		}
		conns[at] = append(conns[at], n)
	}
	var chosen []workload.Cell
	if len(others) > 0 {
		var err error
		if chosen, err = workload.Select(strings.Join(others, ",")); err != nil {
			return nil, err
		}
	}
	for i, f := range families {
		slices.Sort(conns[i])
		for _, n := range slices.Compact(conns[i]) {
			chosen = append(chosen, f.cell(n))
		}
	}
	return chosen, nil
}
