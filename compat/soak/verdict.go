//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"
)

// shortest is the shortest soak that can be judged: a third must hold some samples.
const shortest = 15 * time.Second

// verdict is what is said of one metric. The rule: the samples are cut into three equal parts by
// time. The first is for warming up. The metric is flat if the maximum of the third part is not
// above that of the second by more than the metric's margin. Each sample follows a garbage
// collection.
type verdict struct {
	metric, unit string
	middle, last float64 // maxima
	allowed      float64 // for the last
	flat, judged bool
}

func judge(all samples) (out []verdict) {
	for i, m := range metrics {
		out = append(out, m.judge(all[i]))
	}
	return out
}

func (m *metric) judge(values []float64) verdict {
	v := verdict{metric: m.name, unit: m.unit, judged: !m.known, flat: m.known}
	third := len(values) / 3
	if third == 0 {
		return v
	}
	v.middle = slices.Max(values[third : 2*third])
	v.last = slices.Max(values[2*third:])
	v.allowed = v.middle*(1+m.part) + m.plus
	if v.judged {
		v.flat = v.last <= v.allowed
	}
	return v
}

func (v verdict) String() string {
	word := "flat"
	switch {
	case !v.judged:
		return fmt.Sprintf("%-32s not judged: at most %.0f %s, then %.0f", v.metric, v.middle, v.unit, v.last)
	case !v.flat:
		word = "NOT FLAT"
	}
	return fmt.Sprintf("%-32s %s: at most %.0f %s, then %.0f, allowed %.0f", v.metric, word, v.middle, v.unit, v.last, v.allowed)
}
