package bench

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// svg is as much of a picture as the tests look at.
type svg struct {
	ViewBox string `xml:"viewBox,attr"`
	Circles []struct {
		X float64 `xml:"cx,attr"`
		Y float64 `xml:"cy,attr"`
	} `xml:"circle"`
	Texts []label `xml:"text"`
}

type label struct {
	X     float64 `xml:"x,attr"`
	Y     float64 `xml:"y,attr"` // of the line that the letters stand on
	Style string  `xml:"style,attr"`
	Text  string  `xml:",chardata"`
}

var fontSize = regexp.MustCompile(`font-size:([0-9.]+)px`)

// box is what a text takes up at most: letters of usual fonts are less wide on average than 0.62 of
// their height.
func (l label) box(t *testing.T) (left, top, right, bottom float64) {
	t.Helper()
	found := fontSize.FindStringSubmatch(l.Style)
	if found == nil {
		t.Fatalf("%q has no size: %s", l.Text, l.Style)
	}
	size, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	letters := utf8.RuneCountInString(strings.TrimSpace(l.Text))
	return l.X, l.Y - 0.8*size, l.X + 0.62*size*float64(letters), l.Y + 0.2*size
}

// draw reads what a report draws.
func draw(t *testing.T, write func(io.Writer) error) svg {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	var s svg
	if err := xml.Unmarshal(b.Bytes(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s svg) texts() []string {
	var all []string
	for _, l := range s.Texts {
		all = append(all, strings.TrimSpace(l.Text))
	}
	return all
}

func TestRatiosChart(t *testing.T) {
	r := example()
	r.Cells[0].Servers[1].Ratios.Requests.Max = 99 // one disturbed round
	s := draw(t, r.WriteRatiosSVG)
	want := []string{
		"Relative to net", "uringnet", "epoll",
		"dot: median, line: min to max over the rounds; a line that ends at the edge goes on beyond it",
		"0", "0.5", "1", "1.5", "2", "2.5", "requests/s (higher is better)", "echo64/64", "idle/8000",
		"0", "0.25", "0.5", "0.75", "1", "1.25", "CPU time per request (lower is better)",
	}
	if diff := cmp.Diff(want, s.texts()); diff != "" {
		t.Errorf("the texts (-want +got):\n%s", diff)
	}
	// In each panel uringnet in two cells, and the loop in one.
	if len(s.Circles) != 6 {
		t.Errorf("%d dots, want 6", len(s.Circles))
	}
}

func TestLatencyChart(t *testing.T) {
	s := draw(t, example().WriteLatencySVG)
	want := []string{
		"Latency", "net", "uringnet", "epoll", "ring: p50, dot: p99, end of the line: p99.9; medians over the rounds",
		"200 us", "500 us", "1 ms", "2 ms", "latency, logarithmic (lower is better)", "echo64/64", "idle/8000",
	}
	if diff := cmp.Diff(want, s.texts()); diff != "" {
		t.Errorf("the texts (-want +got):\n%s", diff)
	}
	// A ring and a dot for each of the three servers in the one cell and of two in the other. Each
	// p99 is twice the p50, and so as far from it everywhere: the scale has less than a decade.
	if len(s.Circles) != 10 {
		t.Fatalf("%d circles, want 10", len(s.Circles))
	}
	for pair := range slices.Chunk(s.Circles, 2) {
		twice := s.Circles[1].X - s.Circles[0].X
		if d := pair[1].X - pair[0].X; math.Abs(d-twice) > 1 || twice < 200 || pair[0].Y != pair[1].Y {
			t.Errorf("p50 at %v, p99 at %v: want them %.0f apart in a line", pair[0], pair[1], twice)
		}
	}
}

func TestChartOfRuns(t *testing.T) {
	for title, write := range map[string]func(io.Writer) error{
		"Relative to net, medians over 3 runs of 3 days (2026-11-01 to 2026-11-04)": runs(t).WriteRatiosSVG,
		"Latency, medians over 3 runs of 3 days (2026-11-01 to 2026-11-04)":         runs(t).WriteLatencySVG,
	} {
		if got := draw(t, write).texts()[0]; got != title {
			t.Errorf("the title is %q, want %q", got, title)
		}
	}
}

// TestChartsHaveRoom draws more cells, servers and longer names than there are.
func TestChartsHaveRoom(t *testing.T) {
	r := reportOf("echo64/64", steady, 0.8)
	for i := range 8 {
		s := served("uringnet", steady, 100_000, 7, 10*math.Pow(7, float64(i)))
		s.Name = fmt.Sprintf("uringnet@/tmp/binary-of-before:URINGNET=poller;GOMAXPROCS=%d", i+1)
		r.Cells[0].Servers = append(r.Cells[0].Servers, s)
	}
	r.Cells[0].summarize()
	r.Cells[0].Servers[1].Ratios.CPU.Median = 40
	for i := range 24 {
		c := r.Cells[0]
		c.Name = fmt.Sprintf("open-http-burn-1-in-10/%d@80%%", 1000*i)
		r.Cells = append(r.Cells, c)
	}
	for name, write := range map[string]func(io.Writer) error{"ratios": r.WriteRatiosSVG, "latency": r.WriteLatencySVG} {
		checkRoom(t, name, draw(t, write))
	}
}

// checkRoom fails if texts overlap each other or the edge of the picture.
func checkRoom(t *testing.T, name string, s svg) {
	t.Helper()
	var left, top, width, height float64
	if _, err := fmt.Sscan(s.ViewBox, &left, &top, &width, &height); err != nil {
		t.Fatalf("%s: %q: %v", name, s.ViewBox, err)
	}
	for i, a := range s.Texts {
		l, u, r, d := a.box(t)
		if l < 0 || u < 0 || r > width || d > height {
			t.Errorf("%s: %q is beyond the edge: %.0f,%.0f to %.0f,%.0f of %.0f,%.0f", name, a.Text, l, u, r, d, width, height)
		}
		for _, b := range s.Texts[:i] {
			l2, u2, r2, d2 := b.box(t)
			if l < r2 && l2 < r && u < d2 && u2 < d {
				t.Errorf("%s: %q and %q overlap", name, a.Text, b.Text)
			}
		}
	}
	if n := len(s.Texts); n < 25 {
		t.Errorf("%s: only %d texts", name, n)
	}
}

// TestChartsAreOfTheirFigures redraws the charts in testdata/bench of the root.
func TestChartsAreOfTheirFigures(t *testing.T) {
	const folder = "../../testdata/bench"
	latencies, err := filepath.Glob(filepath.Join(folder, "*-latency.svg"))
	if err != nil || len(latencies) == 0 {
		t.Fatalf("charts of latencies are %v, error %v", latencies, err)
	}
	for _, latency := range latencies {
		name := strings.TrimSuffix(latency, "-latency.svg")
		r, err := ReadReport(name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		for file, write := range map[string]func(io.Writer) error{name + ".svg": r.WriteRatiosSVG, latency: r.WriteLatencySVG} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, file, b.String())
		}
	}
}

func TestChartOfNothing(t *testing.T) {
	r := reportOf("echo64/64", steady, 1)
	r.Cells[0].Servers = r.Cells[0].Servers[:1]
	if err := r.WriteRatiosSVG(io.Discard); err == nil {
		t.Error("a chart without ratios was drawn")
	}
	if err := r.WriteLatencySVG(io.Discard); err != nil {
		t.Errorf("the latency of one server: %v", err)
	}
	r.Cells[0].Servers[0].Rounds = nil
	if err := r.WriteLatencySVG(io.Discard); err == nil {
		t.Error("a chart without rounds was drawn")
	}
}

func TestLatencyFile(t *testing.T) {
	for name, want := range map[string]string{"": "", "a/b.c.svg": "a/b.c-latency.svg", "chart": "chart-latency"} {
		if got := latencyFile(name); got != want {
			t.Errorf("beside %q is %q, want %q", name, got, want)
		}
	}
}

func TestLogAxis(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		want      string
	}{
		{100, 100, "100 us, 200 us"}, // a scale has a length
		{100, 101, "100 us, 200 us"},
		{150, 190, "100 us, 200 us"},
		{19, 4500, "10 us, 20 us, 50 us, 100 us, 200 us, 500 us, 1 ms, 2 ms, 5 ms"},
		{0.7, 2e6, "0.1 us, 1 us, 10 us, 100 us, 1 ms, 10 ms, 100 ms, 1 s, 10 s"},
	} {
		a := logAxis(test.low, test.high, microseconds)
		var labels []string
		for _, tick := range a.ticks {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, ", "); got != test.want {
			t.Errorf("from %v to %v: %s; want %s", test.low, test.high, got, test.want)
		}
		if a.Min > math.Log10(test.low) || a.Max < math.Log10(test.high) {
			t.Errorf("from %v to %v: the scale is that from %v to %v", test.low, test.high, a.Min, a.Max)
		}
	}
}
