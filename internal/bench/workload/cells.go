package workload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Cell is one line of the table: a workload with a name such as "echo64/512".
// The part before the slash is the group, the part after it the number of connections.
type Cell struct {
	Name  string   `json:"name"`
	Title string   `json:"title"` // what the group is, in words
	Work  Workload `json:"work"`
}

// Group is the part of the name before the slash.
func (c Cell) Group() string {
	group, _, _ := strings.Cut(c.Name, "/")
	return group
}

// family is a group of cells that differ in the number of connections only.
type family struct {
	group string
	title string
	work  Workload
	conns []int
}

// idleActive is the number of connections that carry traffic in the idle cells, whose names count
// the silent ones.
const idleActive = 16

var families = []family{
	{"echo64", "small echoes (64 B)", Workload{Kind: Echo, Size: 64}, []int{1, 8, 64, 512, 4096}},
	{"echo16k", "16 KiB echoes", Workload{Kind: Echo, Size: 16 << 10}, []int{64}},
	{"stream-up", "1 MiB streams to the server", Workload{Kind: StreamUp, Size: 1 << 20}, []int{4}},
	{"stream-down", "1 MiB streams to the client", Workload{Kind: StreamDown, Size: 1 << 20}, []int{4}},
	{"http", "HTTP hello", Workload{Kind: HTTP}, []int{1, 16, 128}},
	{"httpfile", "HTTP files (64 KiB)", Workload{Kind: HTTPFile, Size: 64 << 10}, []int{32}},
	{"churn", "connections of one request", Workload{Kind: Churn, Size: 64}, []int{32}},
	{"fanout", "fan-out (64 B)", Workload{Kind: Fanout, Size: 64}, []int{512}},
	{"tail", "echoes beside busy handlers", Workload{Kind: Tail, Size: 64}, []int{64}},
	{"idle", "echoes beside idle connections", Workload{Kind: Idle, Size: 64}, []int{8000}},
}

func (f family) cell(conns int) Cell {
	w := f.work
	w.Depth = 1
	w.Conns = conns
	if w.Kind == Idle {
		w.Conns, w.IdleConns = idleActive, conns
	}
	return Cell{Name: fmt.Sprintf("%s/%d", f.group, conns), Title: f.title, Work: w}
}

func (f family) cells() []Cell {
	var cells []Cell
	for _, n := range f.conns {
		cells = append(cells, f.cell(n))
	}
	return cells
}

// Cells returns all cells in the order of the table.
func Cells() []Cell {
	var all []Cell
	for _, f := range families {
		all = append(all, f.cells()...)
	}
	return all
}

// Names returns the names of all cells.
func Names() []string {
	var names []string
	for _, c := range Cells() {
		names = append(names, c.Name)
	}
	return names
}

// Select returns the cells that a comma-separated list names, in the order of the table. An item is
// the name of a cell, of a group, the beginning of such names, or a group with another number of
// connections ("echo64/1000"). The most exact meaning wins: "http" is the group http and not
// httpfile too. The empty list selects all.
func Select(list string) ([]Cell, error) {
	if strings.TrimSpace(list) == "" {
		return Cells(), nil
	}
	var chosen []Cell
	for item := range strings.SplitSeq(list, ",") {
		cells := find(strings.TrimSpace(item))
		if len(cells) == 0 {
			return nil, fmt.Errorf("no cell is called %q; there are: %s", item, strings.Join(Names(), " "))
		}
		chosen = append(chosen, cells...)
	}
	slices.SortStableFunc(chosen, func(a, b Cell) int { return place(a) - place(b) })
	return slices.CompactFunc(chosen, func(a, b Cell) bool { return a.Name == b.Name }), nil
}

// place orders cells: by group first, then by connections.
func place(c Cell) int {
	const moreThanConns = 1 << 20
	g := slices.IndexFunc(families, func(f family) bool { return f.group == c.Group() })
	return g*moreThanConns + max(c.Work.Conns, c.Work.IdleConns)
}

func find(item string) []Cell {
	group, conns, hasConns := strings.Cut(item, "/")
	for _, f := range families {
		if f.group != group {
			continue
		}
		if !hasConns {
			return f.cells()
		}
		if n, err := strconv.Atoi(conns); err == nil && n >= 1 && n < 1<<16 {
			return []Cell{f.cell(n)}
		}
	}
	if item == "" {
		return nil
	}
	return slices.DeleteFunc(Cells(), func(c Cell) bool { return !strings.HasPrefix(c.Name, item) })
}
