package bench

import (
	"errors"
	"fmt"
	"slices"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// setArrivals says how requests come in the open-loop cells; zero and the empty string leave them
// as they are.
func (o *Options) setArrivals(rate float64, burst string) error {
	if rate == 0 && burst == "" {
		return nil
	}
	isOpen := func(c workload.Cell) bool { return c.Work.Open() }
	if len(o.Cells) > 0 && !slices.ContainsFunc(o.Cells, isOpen) {
		return errors.New("-rate and -burst are for open-loop cells, and none was chosen")
	}
	for i, c := range o.Cells {
		if !isOpen(c) {
			continue
		}
		var err error
		if rate != 0 {
			if c, err = c.AtRate(rate); err != nil {
				return fmt.Errorf("-rate: %w", err)
			}
		}
		if burst != "" {
			if c.Work.Burst, err = workload.ParseBurst(burst); err != nil {
				return fmt.Errorf("-burst: %w", err)
			}
		}
		o.Cells[i] = c
	}
	// Cells that differed in their shares are the same now.
	o.Cells = slices.CompactFunc(o.Cells, func(a, b workload.Cell) bool { return a.Name == b.Name })
	return nil
}
