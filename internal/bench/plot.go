package bench

import (
	"fmt"
	"io"

	"github.com/go-analyze/charts/chartdraw"
	"github.com/go-analyze/charts/chartdraw/drawing"
)

// A picture has a row for each cell, with the name of the cell on the left. Within a row each
// server has a line of its own. So names are horizontal however many there are, and the picture
// grows downwards.
const (
	lineHeight   = 10 // of a server within a row
	rowGap       = 10 // between rows
	scaleHeight  = 60 // of the numbers below the rows, with what the panel shows
	legendHeight = 19 // of a line of the legend
	headHeight   = 52 // of the title, the explanation, and what is free around them
	margin       = 15
	smallText    = 9
	largeText    = 12
)

var (
	black = drawing.ColorFromHex("222222")
	grey  = drawing.ColorFromHex("dddddd")
)

// serverColors can be told apart without seeing red and green. The first is that of the base.
var serverColors = []string{"777777", "0072b2", "d55e00", "009e73", "cc79a7", "e69f00", "56b4e9"}

// picture is a chart of a report.
type picture struct {
	title  string
	note   string // explains the marks
	cells  []string
	lines  []serverLine
	panels []panel
}

// serverLine is what belongs to one server in each row.
type serverLine struct {
	name  string
	color drawing.Color
}

// panel is one scale with the marks above it.
type panel struct {
	title string
	width int // of the scale
	scale axis
	level *float64 // where a line is drawn, if anywhere
	marks []mark
}

// mark is what a panel shows of a server in a cell. The values are those of the scale.
type mark struct {
	cell, line int
	from, to   float64 // the ends of a stroke
	runs       *Ends   // the ends of its thick part, if it has one
	dot        float64 // a filled circle
	ring       float64 // an empty circle, if isRing
	isRing     bool
}

// newPicture names the rows and the lines: all servers of the report but those left out.
func (r *Report) newPicture(leftOut func(CellReport, int) bool) picture {
	var p picture
	known := map[string]int{} // place of every server, which decides its colour
	shown := map[string]bool{}
	for _, c := range r.Cells {
		p.cells = append(p.cells, c.Name)
		for i, s := range c.Servers {
			if _, ok := known[s.Name]; !ok {
				known[s.Name] = len(known)
			}
			if shown[s.Name] || leftOut(c, i) {
				continue
			}
			shown[s.Name] = true
			color := serverColors[known[s.Name]%len(serverColors)]
			p.lines = append(p.lines, serverLine{s.Name, drawing.ColorFromHex(color)})
		}
	}
	return p
}

// line returns the line of a server, or -1.
func (p *picture) line(name string) int {
	for i, l := range p.lines {
		if l.name == name {
			return i
		}
	}
	return -1
}

func (p *picture) rowHeight() int  { return len(p.lines)*lineHeight + rowGap }
func (p *picture) rowsHeight() int { return len(p.cells) * p.rowHeight() }
func (p *picture) top() int        { return headHeight + len(p.lines)*legendHeight }

// nameWidth is that of the longest name of a cell, with what the library leaves beside it.
func (p *picture) nameWidth() int {
	const gap = 11
	r := chartdraw.SVG(0, 0) // to measure with
	width := 0
	for _, name := range p.cells {
		style := textStyle(smallText)
		style.Font = chartdraw.GetDefaultFont()
		width = max(width, chartdraw.Draw.MeasureText(r, rowLabel(name), style).Width())
	}
	return width + gap
}

// rowLabel is the name of a cell with spaces behind. SVG shows none of them, but they keep the name
// away from the scale where it is shown in a wider font than it was measured in.
func rowLabel(name string) string { return name + "    " }

func textStyle(size float64) chartdraw.Style {
	return chartdraw.Style{FontStyle: chartdraw.FontStyle{FontSize: size, FontColor: black}, StrokeColor: black}
}

func (p *picture) size() (width, height int) {
	width = margin + p.nameWidth()
	for _, panel := range p.panels {
		width += panel.width + 2*margin
	}
	return width, p.top() + p.rowsHeight() + scaleHeight
}

// write draws the picture as SVG.
func (p *picture) write(w io.Writer) error {
	width, height := p.size()
	r := chartdraw.SVG(width, height)
	chartdraw.Draw.Box(r, chartdraw.Box{Right: width, Bottom: height}, chartdraw.Style{FillColor: drawing.ColorWhite})
	p.drawHead(r)
	left := margin + p.nameWidth()
	for i, panel := range p.panels {
		if err := p.drawPanel(r, panel, left, i == 0); err != nil {
			return fmt.Errorf("drawing the chart: %w", err)
		}
		left += panel.width + 2*margin
	}
	return r.Save(w)
}

// drawHead draws the title, the legend and the explanation.
func (p *picture) drawHead(r chartdraw.Renderer) {
	const square = 11
	text := func(s string, size float64, x, y int) {
		style := textStyle(size)
		style.Font = chartdraw.GetDefaultFont()
		chartdraw.Draw.Text(r, s, x, y, style)
	}
	y := 24
	text(p.title, largeText, margin, y)
	for _, l := range p.lines {
		y += legendHeight
		box := chartdraw.Box{Left: margin, Right: margin + square, Top: y - square, Bottom: y}
		chartdraw.Draw.Box(r, box, chartdraw.Style{FillColor: l.color})
		text(l.name, smallText, margin+square+7, y)
	}
	text(p.note, smallText, margin, y+legendHeight)
}

// drawPanel draws a panel whose scale begins at left, and the names of the cells if they stand
// there.
func (p *picture) drawPanel(r chartdraw.Renderer, panel panel, left int, withNames bool) error {
	style := textStyle(smallText)
	room := left // that the library leaves free on the left; it adds the names to it
	if withNames {
		room = margin
	}
	c := chartdraw.Chart{
		Width:      left + panel.width + 2*margin,
		Height:     p.rowsHeight() + scaleHeight,
		Background: chartdraw.Style{Padding: chartdraw.NewBox(0, room, 2*margin, margin), FillColor: drawing.ColorTransparent},
		Canvas:     chartdraw.Style{FillColor: drawing.ColorTransparent},
		XAxis: chartdraw.XAxis{
			Name:           panel.title,
			NameStyle:      style,
			Range:          &panel.scale,
			Style:          style,
			GridMajorStyle: chartdraw.Style{StrokeColor: grey, StrokeWidth: 1},
			GridMinorStyle: chartdraw.Style{StrokeColor: grey, StrokeWidth: 1},
		},
		// The library's second axis is the one whose numbers are on the left.
		YAxis: chartdraw.YAxis{
			AxisType:       chartdraw.YAxisSecondary,
			Range:          p.rows(withNames),
			Style:          style,
			GridMajorStyle: chartdraw.Hidden(),
			GridMinorStyle: chartdraw.Hidden(),
		},
		YAxisSecondary: chartdraw.HideYAxis(),
		Series:         []chartdraw.Series{layer(p.drawRows), layer(func(n pen) { p.drawMarks(n, panel) })},
	}
	shared := func(int, int) chartdraw.Renderer { return lowered{r, p.top()} }
	return c.Render(shared, io.Discard)
}

// rows is the scale of the cells, the first above. A row reaches half a unit up and down.
func (p *picture) rows(withNames bool) *axis {
	a := &axis{}
	a.Min, a.Max = 0.5-float64(len(p.cells)), 0.5
	for i, name := range p.cells {
		if withNames {
			a.ticks = append(a.ticks, chartdraw.Tick{Value: -float64(i), Label: rowLabel(name)})
		}
	}
	return a
}

// drawRows draws lines between the rows.
func (p *picture) drawRows(n pen) {
	for i := range p.cells {
		n.line(grey, 1, n.box.Left, n.y(float64(i)-0.5), n.box.Right, n.y(float64(i)-0.5))
	}
}

func (p *picture) drawMarks(n pen, panel panel) {
	if panel.level != nil {
		n.line(black, 1, n.x(*panel.level), n.box.Top, n.x(*panel.level), n.box.Bottom)
	}
	for _, m := range panel.marks {
		y := n.y(float64(m.cell)) + m.line*lineHeight - (len(p.lines)-1)*lineHeight/2
		color := p.lines[m.line].color
		n.line(color, 2, n.x(m.from), y, n.x(m.to), y)
		n.line(color, 2, n.x(m.to), y-3, n.x(m.to), y+3)
		if m.runs != nil {
			n.line(color, 5, n.x(m.runs.Min), y, n.x(m.runs.Max), y)
		}
		if m.isRing {
			n.circle(color, drawing.ColorWhite, n.x(m.ring), y)
		} else {
			n.line(color, 2, n.x(m.from), y-3, n.x(m.from), y+3)
		}
		n.circle(color, color, n.x(m.dot), y)
	}
}

// lowered draws further down what it is asked to draw.
type lowered struct {
	chartdraw.Renderer
	by int
}

// MoveTo implements chartdraw.Renderer, as the methods below do.
func (l lowered) MoveTo(x, y int) { l.Renderer.MoveTo(x, y+l.by) }

// LineTo draws a line.
func (l lowered) LineTo(x, y int) { l.Renderer.LineTo(x, y+l.by) }

// Circle draws a circle.
func (l lowered) Circle(radius float64, x, y int) { l.Renderer.Circle(radius, x, y+l.by) }

// Text writes.
func (l lowered) Text(s string, x, y int) { l.Renderer.Text(s, x, y+l.by) }

// Save does nothing: what shares the renderer is not drawn yet.
func (l lowered) Save(io.Writer) error { return nil }
