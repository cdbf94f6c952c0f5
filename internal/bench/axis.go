package bench

import (
	"fmt"
	"math"

	"github.com/go-analyze/charts/chartdraw"
)

// axis is a scale with ticks that do not depend on the size of the picture.
type axis struct {
	chartdraw.ContinuousRange
	ticks []chartdraw.Tick
}

// GetTicks implements chartdraw.TicksProvider.
func (a *axis) GetTicks(chartdraw.ValueFormatter) []chartdraw.Tick { return a.ticks }

// logAxis returns the scale of decimal logarithms with ticks at 1, 2 and 5 of each power of ten, or
// at 1 only where that would be too many. The first tick is the last that is not above low, and the
// last the first that is not below high.
func logAxis(low, high float64, label func(float64) string) axis {
	const most = 15
	a := logTicks(low, high, []float64{1, 2, 5}, label)
	if len(a.ticks) > most {
		a = logTicks(low, high, []float64{1}, label)
	}
	return a
}

func logTicks(low, high float64, digits []float64, label func(float64) string) axis {
	var values []float64
	for power := math.Floor(math.Log10(low)); len(values) == 0 || values[len(values)-1] < high; power++ {
		for _, digit := range digits {
			v := digit * math.Pow(10, power)
			if v <= low {
				values = values[:0]
			} else if len(values) > 1 && values[len(values)-1] >= high {
				break
			}
			values = append(values, v)
		}
	}
	var a axis
	for _, v := range values {
		a.ticks = append(a.ticks, chartdraw.Tick{Value: math.Log10(v), Label: label(v)})
	}
	a.Min, a.Max = a.ticks[0].Value, a.ticks[len(a.ticks)-1].Value
	return a
}

// ratioAxis runs from 0 to just above the greatest median, so that one disturbed round does not
// flatten everything else.
func ratioAxis(top float64) axis {
	const most = 9 // ticks
	step := 0.25
	for top/step > most-2 {
		step *= 2
	}
	var a axis
	for i := range int(math.Floor(top/step)) + 2 {
		v := float64(i) * step
		a.ticks = append(a.ticks, chartdraw.Tick{Value: v, Label: fmt.Sprintf("%.4g", v)})
		a.Max = v
	}
	return a
}

// microseconds prints a round number of microseconds in the unit that keeps it short.
func microseconds(us float64) string {
	const milli, second = 1e3, 1e6
	switch {
	case us >= second:
		return fmt.Sprintf("%.4g s", us/second)
	case us >= milli:
		return fmt.Sprintf("%.4g ms", us/milli)
	}
	return fmt.Sprintf("%.4g us", us)
}
