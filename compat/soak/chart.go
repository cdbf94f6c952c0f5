//go:build linux

package main

import (
	"fmt"
	"os"

	"github.com/go-analyze/charts"
)

// draw draws each metric over time, one below the other.
func draw(file string, all samples) error {
	const width, height = 800, 160 // of one metric
	p := charts.NewPainter(charts.PainterOptions{
		OutputFormat: charts.ChartOutputSVG, Width: width, Height: height * len(metrics),
	})
	for i, m := range metrics {
		opt := charts.NewLineChartOptionWithData([][]float64{all[i]})
		opt.Title.Text = m.name
		if m.unit != "" {
			opt.Title.Text += ", " + m.unit
		}
		opt.Legend.Show = charts.Ptr(false)
		opt.Symbol.Shape = charts.SymbolNone
		opt.LineStrokeWidth = 1
		for n := range opt.XAxis.Labels {
			opt.XAxis.Labels[n] = fmt.Sprintf("%d s", n+1)
		}
		place := charts.PainterBoxOption(charts.Box{Left: 0, Right: width, Top: i * height, Bottom: (i + 1) * height, IsSet: true})
		if err := p.Child(place).LineChart(opt); err != nil {
			return fmt.Errorf("the chart of %s: %w", m.name, err)
		}
	}
	svg, err := p.Bytes()
	if err != nil {
		return fmt.Errorf("the chart: %w", err)
	}
	return os.WriteFile(file, svg, 0o644)
}
