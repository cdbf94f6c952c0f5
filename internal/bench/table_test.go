package bench

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

func example() *Report {
	r := reportOf("echo64/64", steady, 0.8)
	idle := reportOf("idle/8000", steady, 0.9)
	for i := range idle.Cells[0].Servers {
		for j := range idle.Cells[0].Servers[i].Rounds {
			idle.Cells[0].Servers[i].Rounds[j].IdleBytes = float64(8<<10 + i<<10)
		}
	}
	idle.Cells[0].Servers[2] = ServerReport{Name: "epoll", Kind: "epoll", Error: "it broke"}
	idle.Cells[0].summarize()
	r = with(r, idle)
	r.judge()
	return r
}

var update = flag.Bool("update", false, "write the files of testdata, and the charts in testdata/bench of the root, as they should be")

// golden compares text with a file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s differs (-want +got); if that is meant, run with -update:\n%s", name, diff)
	}
}

func TestPrint(t *testing.T) {
	for name, report := range map[string]*Report{"report": example(), "runs": runs(t)} {
		for _, format := range []Format{Text, Markdown, Summary} {
			var b bytes.Buffer
			report.print(&b, format)
			golden(t, fmt.Sprintf("testdata/%s-%s.txt", name, format), b.String())
		}
	}
}

func TestPrintOpenLoop(t *testing.T) {
	r := openReport("open-http/1000@50%", 0.8)
	r.Settings.Priority = true
	r.Cells[0].Work.Burst = workload.Burst{On: 10 * time.Millisecond, Off: 90 * time.Millisecond}
	want := "open-http/1000@50%: 1000 requests/s are sent, whatever the server does (50 % of the 2000 that net answers " +
		"in a closed loop), in bursts of 10ms with 90ms between them; " +
		"uringnet p50 0.80 (0.80-0.80), p99 0.80 (0.80-0.80), p99.9 0.80 (0.80-0.80) of net's; " +
		"epoll p50 0.50 (0.50-0.50), p99 0.50 (0.50-0.50), p99.9 0.50 (0.50-0.50) of net's; " +
		"the load generator's p99 of being late: net 30.0 us, uringnet 30.0 us, epoll 30.0 us."
	for _, format := range []Format{Text, Markdown, Summary} {
		var b bytes.Buffer
		r.print(&b, format)
		if !strings.Contains(b.String(), want) || !strings.Contains(b.String(), "SCHED_FIFO") {
			t.Errorf("%s lacks SCHED_FIFO or %q:\n%s", format, want, &b)
		}
		// Requests/s are given, so a ratio of them, which would be 1, says nothing.
		if strings.Contains(b.String(), "1.00 (1.00-1.00)") || !strings.Contains(b.String(), "0.80 (0.80-0.80)") {
			t.Errorf("%s has a ratio of requests/s, or none of CPU time:\n%s", format, &b)
		}
	}
}

func TestPrintMarkdown(t *testing.T) {
	var b bytes.Buffer
	example().print(&b, Markdown)
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		if n := strings.Count(line, "|"); n != len(columns)+1 {
			t.Errorf("%d bars, want %d, in %s", n, len(columns)+1, line)
		}
	}
	if !strings.Contains(b.String(), "|  | uringnet | 125000 | 1.25 (1.25-1.25) |") {
		t.Errorf("no row for uringnet:\n%s", &b)
	}
}

func TestJSONRoundTrip(t *testing.T) {
	for _, want := range []*Report{example(), runs(t)} {
		name := filepath.Join(t.TempDir(), "report.json")
		if err := want.save(Options{JSON: name}); err != nil {
			t.Fatal(err)
		}
		got, err := ReadReports([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the report (-written +read):\n%s", diff)
		}
	}
}

// An older file has no ratios of p50 and p99.9.
func TestReadReportOfBefore(t *testing.T) {
	old := example()
	for _, c := range old.Cells {
		for _, s := range c.Servers {
			if s.Ratios != nil {
				s.Ratios.P50, s.Ratios.P999 = Spread{}, Spread{}
			}
		}
	}
	name := filepath.Join(t.TempDir(), "report.json")
	if err := old.save(Options{JSON: name}); err != nil {
		t.Fatal(err)
	}
	got, err := ReadReport(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), got); diff != "" {
		t.Errorf("the report (-want +read):\n%s", diff)
	}
}

func TestReadReportErrors(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{
		"hello":                      "not a report",
		`{"cells":[{"name":"a/1"}]}`: "no servers",
	} {
		name := filepath.Join(dir, "bad.json")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadReport(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
	if _, err := ReadReport(filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}
