package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// capacity is how many requests/s package net answers in some work, in a closed loop.
type capacity struct {
	perSecond float64
	err       error
}

// capacityRuns is odd, for a median: one run may be disturbed.
const capacityRuns = 3

// chooseRate makes of an open-loop cell's share of what package net can do a rate, the same for all
// its servers.
func (r *runner) chooseRate(ctx context.Context, c *CellReport) error {
	w := &c.Work
	if w.Share == 0 {
		return nil
	}
	found, ok := r.capacities[w.Closed()]
	if !ok {
		found.perSecond, found.err = r.findCapacity(ctx, c.Cell)
		r.capacities[w.Closed()] = found
	}
	c.Capacity = found.perSecond
	w.Rate = w.Share * found.perSecond
	return found.err
}

func (r *runner) findCapacity(ctx context.Context, cell workload.Cell) (float64, error) {
	spec := Spec{Name: server.Net, Kind: server.Net}
	if i := slices.IndexFunc(r.Servers, func(s Spec) bool { return s.Kind == server.Net }); i >= 0 {
		spec = r.Servers[i]
	}
	name, _, _ := strings.Cut(cell.Name, "@")
	closed := workload.Cell{Name: name + " capacity", Work: cell.Work.Closed()}
	var rounds []Round
	for number := 1; number <= capacityRuns; number++ {
		r.progress.begin(closed.Name, number, capacityRuns, spec.Name)
		var s ServerReport
		round, err := r.measure(ctx, spec, closed, number, &s)
		if err != nil {
			return 0, fmt.Errorf("finding out what %s can do: %w", spec.Name, err)
		}
		rounds = append(rounds, round)
	}
	return median(collect(rounds, requestRate)), nil
}
