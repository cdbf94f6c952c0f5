//go:build linux

package simulation

import (
	"reflect"
	"slices"
)

// tries is how many schedules are tried for a plan that is shorter: what is left out moves all that
// the seed decides after it.
const tries = 10

// shrink leaves out what it can of a plan that fails, and returns the run of the shortest one.
func shrink(p plan) *world {
	best := p
	for n := max(1, len(best.script)/2); n > 0; n /= 2 {
		for at := 0; at < len(best.script); {
			shorter := best
			shorter.script = slices.Delete(slices.Clone(best.script), at, min(at+n, len(best.script)))
			if fails(&shorter) {
				best = shorter
			} else {
				at += n
			}
		}
	}
	for i := range reflect.TypeFor[faults]().NumField() {
		milder := best
		f := reflect.ValueOf(&milder.faults).Elem().Field(i)
		if f.Bool() {
			f.SetBool(false)
			if fails(&milder) {
				best = milder
			}
		}
	}
	return run(best, true)
}

// fails reports whether a plan fails with one of some schedules, and leaves that one in it.
func fails(p *plan) bool {
	first := p.schedule
	for i := range uint64(tries) {
		p.schedule = first + i
		if run(*p, false).problem != "" {
			return true
		}
	}
	p.schedule = first
	return false
}
