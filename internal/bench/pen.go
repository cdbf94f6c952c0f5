package bench

import (
	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

// pen draws within the axes of a panel.
type pen struct {
	r        chartdraw.Renderer
	box      chartdraw.Box
	values   chartdraw.Range
	rowScale chartdraw.Range
}

// x is the place of a value; one beyond the scale is at its end.
func (n pen) x(v float64) int {
	return n.box.Left + n.values.Translate(max(n.values.GetMin(), min(v, n.values.GetMax())))
}

// y is the place of a row, or of a point between two.
func (n pen) y(row float64) int { return n.box.Bottom - n.rowScale.Translate(-row) }

func (n pen) line(c drawing.Color, width float64, x1, y1, x2, y2 int) {
	n.r.SetStrokeColor(c)
	n.r.SetStrokeWidth(width)
	n.r.MoveTo(x1, y1)
	n.r.LineTo(x2, y2)
	n.r.Stroke()
}

func (n pen) circle(edge, inside drawing.Color, x, y int) {
	const radius = 3.5
	n.r.SetStrokeColor(edge)
	n.r.SetStrokeWidth(1.5)
	n.r.SetFillColor(inside)
	n.r.Circle(radius, x, y)
	n.r.FillStroke()
}

// layer is a series of the library that draws by a pen.
type layer func(pen)

// GetName implements chartdraw.Series, as the methods below do.
func (l layer) GetName() string { return "" }

// GetYAxis says that all belongs to the one axis there is.
func (l layer) GetYAxis() chartdraw.YAxisType { return chartdraw.YAxisPrimary }

// GetStyle is of no use here: the pen has colours.
func (l layer) GetStyle() chartdraw.Style { return chartdraw.Style{} }

// Validate accepts all.
func (l layer) Validate() error { return nil }

// Render draws.
func (l layer) Render(r chartdraw.Renderer, box chartdraw.Box, xr, yr chartdraw.Range, _ chartdraw.Style) {
	l(pen{r, box, xr, yr})
}
