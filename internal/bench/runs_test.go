package bench

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// run makes up the report of a run in which uringnet needs the given share of net's CPU time.
func run(day int, commit string, cpu float64) *Report {
	r := reportOf("echo64/64", steady, cpu)
	r.Time = time.Date(2026, 11, day, 23, 30, 0, 0, time.UTC)
	r.Commit = commit
	r.judge()
	return r
}

// runs joins those of three days.
func runs(t *testing.T) *Report {
	t.Helper()
	r, err := Merge([]*Report{run(1, "abc", 0.8), run(2, "abc", 0.9), run(4, "abc", 0.5)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMerge(t *testing.T) {
	r := runs(t)
	if len(r.Runs) != 3 || len(r.Warnings) != 0 {
		t.Errorf("%d runs, warnings %q; want three and none", len(r.Runs), r.Warnings)
	}
	s := r.Cells[0].Servers[1]
	if len(s.Rounds) != 15 {
		t.Errorf("%d rounds, want those of all runs", len(s.Rounds))
	}
	// 0.8, 0.9 and 0.5 of net's 8 us.
	if !near(s.Median.CPU, 6.4) {
		t.Errorf("the median is %v us, want 6.4", s.Median.CPU)
	}
	cpu := s.Ratios.CPU
	if cpu.Runs == nil || math.Abs(cpu.Median-0.8) > 1e-4 || math.Abs(cpu.Runs.Min-0.5) > 1e-4 || math.Abs(cpu.Runs.Max-0.9) > 1e-4 {
		t.Errorf("the ratio is %v with the runs' %v, want 0.8 of 0.5 to 0.9", cpu, cpu.Runs)
	}
}

// The spread over the rounds is wider than that over the medians of the runs.
func TestMergeSpreadOfRounds(t *testing.T) {
	wild := run(2, "abc", 0.8)
	wild.Cells[0].Servers[1] = served("uringnet", []float64{0.5, 1.01, 0.99, 1.02, 2}, 125_000, 6.4, 800)
	wild.Cells[0].summarize()
	r, err := Merge([]*Report{run(1, "abc", 0.8), wild})
	if err != nil {
		t.Fatal(err)
	}
	got := r.Cells[0].Servers[1].Ratios.CPU
	if got.Min > 0.5 || got.Max < 1.5 || got.Runs.Min < 0.79 || got.Runs.Max > 0.81 {
		t.Errorf("the ratio is %v with the runs' %v", got, got.Runs)
	}
}

// Headroom is about the runs that the ceiling was part of.
func TestMergeHeadroom(t *testing.T) {
	without := run(2, "abc", 0.5)
	without.Cells[0].Servers = without.Cells[0].Servers[:2]
	r, err := Merge([]*Report{run(1, "abc", 0.8), without})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Cells[0].Servers[1].Headroom; got == nil || !near(*got, 0.25) {
		t.Errorf("headroom is %v, want that of the first run, 0.25", got)
	}
}

// What was joined and written can be joined again.
func TestMergeOfMerged(t *testing.T) {
	two, err := Merge([]*Report{run(1, "abc", 0.8), run(2, "abc", 0.9)})
	if err != nil {
		t.Fatal(err)
	}
	three, err := Merge([]*Report{two, run(4, "abc", 0.5)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(runs(t), three); diff != "" {
		t.Errorf("joined at once or in two steps (-once +twice):\n%s", diff)
	}
}

func TestMergeRefusesOtherWays(t *testing.T) {
	for name, change := range map[string]func(*Settings){
		"pin":        func(s *Settings) { s.Pin = Pin{} },
		"gomaxprocs": func(s *Settings) { s.GOMAXPROCS = 7 },
		"depth":      func(s *Settings) { s.Depth = 7 },
	} {
		other := run(2, "abc", 0.8)
		change(&other.Settings)
		if _, err := Merge([]*Report{run(1, "abc", 0.8), other}); err == nil || !strings.Contains(err.Error(), "different ways") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := Merge(nil); err == nil {
		t.Error("nothing was joined to something")
	}
}

func TestMergeRefusesOneTwice(t *testing.T) {
	_, err := Merge([]*Report{run(1, "abc", 0.8), run(2, "abc", 0.8), run(1, "abc", 0.8)})
	if err == nil || !strings.Contains(err.Error(), "the run of 2026-11-01T23:30:00Z is there twice") {
		t.Errorf("error %v", err)
	}
}

func TestRunWarnings(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Report) // of the third run
		want   string
	}{
		{"none", func(*Report) {}, ""},
		{"days", func(r *Report) { r.Time = r.Time.Add(-50 * time.Hour) }, "the runs are of 2 days only"},
		{"commit", func(r *Report) { r.Commit = "def" }, "different commits: abc, def"},
		{"no commit", func(r *Report) { r.Commit = "" }, "the commit of 1 of the 3 runs is not known"},
		{"machine", func(r *Report) { r.Machine.CPUs = 1 }, "different machines: Abacus with 2 CPUs, Abacus with 1 CPU"},
		{"kernel", func(r *Report) { r.Machine.Kernel = "7.0" }, "different kernels: 6.18, 7.0"},
		{"Go", func(r *Report) { r.Machine.Go = "go1.27" }, "different Go releases: go1.26, go1.27"},
		{"length", func(r *Report) { r.Settings.Seconds = 0.5 }, "different lengths of rounds: 1 s, 0.5 s"},
		{"server", func(r *Report) { r.Cells[0].Servers = r.Cells[0].Servers[:2] }, "echo64/64: epoll is part of 2 of the 3 runs"},
		{"backend", func(r *Report) { r.Cells[0].Servers[1].Backend = "poller (made up)" },
			"echo64/64: uringnet ran on different backends: io_uring (made up) or poller (made up)"},
		{"reason", func(r *Report) { r.Cells[0].Servers[1].Backend = "io_uring (another kernel)" }, ""},
		{"its own", func(r *Report) { r.Warnings = []string{"iouring-go is left out"} }, "iouring-go is left out"},
	} {
		last := run(4, "abc", 0.8)
		test.change(last)
		r, err := Merge([]*Report{run(1, "abc", 0.8), run(2, "abc", 0.8), last})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(r.Warnings, "\n")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: warnings %q, want %q", test.name, got, test.want)
		}
	}
}

// A warning that follows from the rounds is there once, and not once for each run.
func TestMergeFindsWarningsAgain(t *testing.T) {
	var all []*Report
	for day := 1; day <= 3; day++ {
		r := run(day, "abc", 0.8)
		each(&r.Cells[0], func(d *Round) { d.Stolen = 0.5 })
		r.Warnings = nil
		r.judge()
		all = append(all, r)
	}
	r, err := Merge(all)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Warnings, all[0].Warnings) || len(r.Warnings) != 1 {
		t.Errorf("warnings are %q, each run has %q", r.Warnings, all[0].Warnings)
	}
}

// Merge leaves the reports as they are.
func TestMergeCopies(t *testing.T) {
	a, b := run(1, "abc", 0.8), run(2, "abc", 0.9)
	before, err := json.Marshal([]*Report{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Merge([]*Report{a, b}); err != nil {
		t.Fatal(err)
	}
	after, err := json.Marshal([]*Report{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("what was joined has changed:\n%s", diff)
	}
}
