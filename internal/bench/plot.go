package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/wcharczuk/go-chart/v2"
	"github.com/wcharczuk/go-chart/v2/drawing"
)

const (
	panelHeight = 420
	cellWidth   = 75
	sideWidth   = 140 // what is left and right of the cells
)

// WriteSVG draws two panels, requests/s and CPU time per request, both relative to the base server:
// a dot is the median over the rounds, the line through it reaches from the least to the greatest.
func (r *Report) WriteSVG(w io.Writer) error {
	above, err := r.panel("requests/s relative to net (higher is better)", func(x *Ratios) Spread { return x.Requests })
	if err != nil {
		return err
	}
	below, err := r.panel("CPU time per request relative to net (lower is better)", func(x *Ratios) Spread { return x.CPU })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\">\n%s\n%s\n</svg>\n",
		r.plotWidth(), 2*panelHeight, r.place(above, 0), r.place(below, panelHeight))
	return err
}

// place gives a panel, a picture of its own, its place within the outer one.
func (r *Report) place(panel []byte, top int) []byte {
	where := fmt.Sprintf(`<svg y="%d" width="%d" height="%d" `, top, r.plotWidth(), panelHeight)
	return bytes.Replace(panel, []byte("<svg "), []byte(where), 1)
}

func (r *Report) plotWidth() int { return sideWidth + cellWidth*max(4, len(r.Cells)) }

// panel draws one kind of ratio.
func (r *Report) panel(title string, ratio func(*Ratios) Spread) ([]byte, error) {
	all := r.series(ratio)
	if len(all) == 0 {
		return nil, errors.New("there are no ratios to draw: measure net and at least one other server")
	}
	c := chart.Chart{
		Title:      title,
		TitleStyle: chart.Style{FontSize: 12, Padding: chart.Box{Top: 2}}, // above the legend
		Width:      r.plotWidth(),
		Height:     panelHeight,
		Background: chart.Style{Padding: chart.Box{Top: 70, Left: 30, Right: 30, Bottom: 40}},
		XAxis:      chart.XAxis{Ticks: r.cellTicks(), Style: chart.Style{TextRotationDegrees: 30, FontSize: 9}},
		YAxis: chart.YAxis{
			Ticks:          ratioTicks(all),
			Style:          chart.Style{FontSize: 9},
			GridMajorStyle: chart.Style{StrokeColor: drawing.ColorFromHex("dddddd"), StrokeWidth: 1},
		},
		Series: []chart.Series{&level{at: 1}},
	}
	for i, s := range all {
		// The servers stand side by side within a cell.
		s.shift = (float64(i) - float64(len(all)-1)/2) * 0.7 / float64(len(all))
		s.color = chart.GetDefaultColor(i)
		c.Series = append(c.Series, s)
	}
	c.Elements = []chart.Renderable{chart.LegendThin(&c)}
	var b bytes.Buffer
	if err := c.Render(chart.SVG, &b); err != nil {
		return nil, fmt.Errorf("drawing the chart: %w", err)
	}
	return b.Bytes(), nil
}

// series returns one for each server that has ratios anywhere.
func (r *Report) series(ratio func(*Ratios) Spread) []*whiskers {
	var all []*whiskers
	byName := map[string]*whiskers{}
	for i, c := range r.Cells {
		for _, s := range c.Servers {
			if s.Ratios == nil {
				continue
			}
			w := byName[s.Name]
			if w == nil {
				w = &whiskers{name: s.Name}
				byName[s.Name] = w
				all = append(all, w)
			}
			w.points = append(w.points, point{cell: float64(i), Spread: ratio(s.Ratios)})
		}
	}
	return all
}

// cellTicks names the cells; the unnamed ticks at the ends make room for half a cell.
func (r *Report) cellTicks() []chart.Tick {
	ticks := []chart.Tick{{Value: -0.5}}
	for i, c := range r.Cells {
		ticks = append(ticks, chart.Tick{Value: float64(i), Label: c.Name})
	}
	return append(ticks, chart.Tick{Value: float64(len(r.Cells)) - 0.5})
}

// ratioTicks runs from 0 to just above the greatest median, so that one disturbed round does not
// flatten everything else.
func ratioTicks(all []*whiskers) []chart.Tick {
	const step = 0.25
	top := 1.0
	for _, w := range all {
		for _, p := range w.points {
			top = max(top, p.Median)
		}
	}
	var ticks []chart.Tick
	for i := range int(math.Floor(top/step)) + 2 {
		v := float64(i) * step
		ticks = append(ticks, chart.Tick{Value: v, Label: fmt.Sprintf("%.2f", v)})
	}
	return ticks
}

// point is the ratio of one server in one cell.
type point struct {
	cell float64
	Spread
}

// whiskers is the series of one server.
type whiskers struct {
	name   string
	points []point
	shift  float64
	color  drawing.Color
}

// GetName implements chart.Series, as the methods below do.
func (s *whiskers) GetName() string { return s.name }

// GetYAxis says which axis the values belong to.
func (s *whiskers) GetYAxis() chart.YAxisType { return chart.YAxisPrimary }

// GetStyle is what the legend shows.
func (s *whiskers) GetStyle() chart.Style {
	return chart.Style{StrokeColor: s.color, StrokeWidth: 3}
}

// Validate accepts all.
func (s *whiskers) Validate() error { return nil }

// Render draws the dots and lines.
func (s *whiskers) Render(r chart.Renderer, box chart.Box, xr, yr chart.Range, _ chart.Style) {
	y := func(v float64) int { return box.Bottom - yr.Translate(min(v, yr.GetMax())) }
	r.SetStrokeColor(s.color)
	r.SetFillColor(s.color)
	r.SetStrokeWidth(2)
	for _, p := range s.points {
		x := box.Left + xr.Translate(p.cell+s.shift)
		r.MoveTo(x, y(p.Min))
		r.LineTo(x, y(p.Max))
		r.Stroke()
		const radius = 4
		r.Circle(radius, x, y(p.Median))
	}
}

// level is a horizontal line: where a server is as good as the base.
type level struct{ at float64 }

// GetName is empty, which keeps the line out of the legend.
func (l *level) GetName() string { return "" }

// GetYAxis says which axis the value belongs to.
func (l *level) GetYAxis() chart.YAxisType { return chart.YAxisPrimary }

// GetStyle is that of the line.
func (l *level) GetStyle() chart.Style {
	return chart.Style{StrokeColor: drawing.ColorBlack, StrokeWidth: 1.5}
}

// Validate accepts all.
func (l *level) Validate() error { return nil }

// Render draws the line.
func (l *level) Render(r chart.Renderer, box chart.Box, _, yr chart.Range, _ chart.Style) {
	l.GetStyle().WriteToRenderer(r)
	y := box.Bottom - yr.Translate(l.at)
	r.MoveTo(box.Left, y)
	r.LineTo(box.Right, y)
	r.Stroke()
}
