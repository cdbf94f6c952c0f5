package workload

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Cell is one line of the table: a workload with a name such as "echo64/512". The part before the
// slash is the group, the part after it the number of connections. The rate of an open loop stands
// behind an @, as in "open-http/1000@50%" or "open-http/1000@8000": a share of what package net can
// do, or requests/s.
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

// UpToLimit reports whether the cell wants as many connections as the limit of descriptors allows.
func (c Cell) UpToLimit() bool {
	_, rest, _ := strings.Cut(c.Name, "/")
	conns, _, _ := strings.Cut(rest, "@")
	return conns == most
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
// connections ("echo64/1000") or another rate ("open-http/1000@30%"). The most exact meaning wins:
// "http" is the group http and not httpfile too. The empty list selects all.
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
	slices.SortStableFunc(chosen, inTableOrder)
	return slices.CompactFunc(chosen, func(a, b Cell) bool { return a.Name == b.Name }), nil
}

// inTableOrder compares cells: by group first, then by connections, then by rate.
func inTableOrder(a, b Cell) int {
	place := func(c Cell) int {
		return slices.IndexFunc(families, func(f family) bool { return f.group == c.Group() })
	}
	return cmp.Or(
		cmp.Compare(place(a), place(b)),
		cmp.Compare(max(a.Work.Conns, a.Work.IdleConns), max(b.Work.Conns, b.Work.IdleConns)),
		cmp.Compare(a.Work.Share, b.Work.Share),
		cmp.Compare(a.Work.Rate, b.Work.Rate),
	)
}

func find(item string) []Cell {
	group, rest, hasConns := strings.Cut(item, "/")
	for _, f := range families {
		if f.group != group {
			continue
		}
		if !hasConns {
			return f.cells()
		}
		if cells := f.find(rest); cells != nil {
			return cells
		}
	}
	if item == "" {
		return nil
	}
	return slices.DeleteFunc(Cells(), func(c Cell) bool { return !strings.HasPrefix(c.Name, item) })
}

// find returns the cells that a name means after the slash: a number of connections, and perhaps a
// rate.
func (f family) find(name string) []Cell {
	conns, at, hasRate := strings.Cut(name, "@")
	n, err := strconv.Atoi(conns)
	if conns == most {
		n, err = MostConns, nil
	}
	if err != nil || n < 1 || n >= 1<<16 {
		return nil
	}
	if !hasRate {
		return f.atRates(n)
	}
	if r, ok := parseRate(at); ok && f.rates != nil {
		return []Cell{f.cell(n, r)}
	}
	return nil
}
