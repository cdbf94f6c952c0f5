package bench

import (
	"strings"
	"testing"

	"github.com/uringnet/uringnet/internal/bench/server"
)

func TestVerdict(t *testing.T) {
	wild := []float64{1, 0.5, 1.5, 0.7, 1.3}
	for _, test := range []struct {
		name   string
		report *Report
		want   string
	}{
		{"gain", reportOf("echo64/64", steady, 0.82),
			"On this machine uringnet takes this CPU time per request, compared with net: 18 % less for small echoes (64 B)."},
		{"mixed", with(reportOf("echo64/64", steady, 0.82), reportOf("http/16", steady, 1.1), reportOf("stream-up/4", steady, 1)),
			"On this machine uringnet takes this CPU time per request, compared with net: 18 % less for small echoes (64 B) and 10 % more for HTTP hello; " +
				"net and uringnet do not differ clearly for 1 MiB streams to the server."},
		{"noise", reportOf("echo64/64", wild, 0.9),
			"On this machine net and uringnet do not differ clearly for small echoes (64 B)."},
		{"one group, two cells", with(reportOf("echo64/8", steady, 0.8), reportOf("echo64/64", steady, 0.8)),
			"On this machine uringnet takes this CPU time per request, compared with net: 20 % less for small echoes (64 B)."},
		{"latency", reportOf("tail/64", steady, 0.5),
			"On this machine the p99 latency of uringnet is 50 % lower for echoes beside busy handlers."},
	} {
		if got := test.report.verdict(); got != test.want {
			t.Errorf("%s: got  %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestVerdictOfOpenLoop(t *testing.T) {
	r := with(openReport("open-http/1000@20%", 0.8), openReport("open-http/1000@80%", 0.8))
	want := "On this machine uringnet takes this CPU time per request, compared with net: 20 % less for HTTP hello at a given rate; " +
		"the p99 latency of uringnet is 20 % lower for HTTP hello at a given rate."
	if got := r.verdict(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestOpenLoopWarnings(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(*CellReport)
		want string
	}{
		{"none", func(*CellReport) {}, ""},
		{"late", func(c *CellReport) { each(c, func(d *Round) { d.LateP99 = d.P99 / 2 }) },
			"late with net, uringnet and epoll"},
		{"behind", func(c *CellReport) { each(c, func(d *Round) { d.Seconds = 1.2 }) },
			"net, uringnet and epoll did not keep up with the rate"},
		{"priority", func(c *CellReport) { c.Servers[0].Rounds[0].NoPriority = "not permitted" },
			"no priority: not permitted"},
	} {
		r := openReport("open-http/1000@20%", 0.8)
		test.do(&r.Cells[0])
		got := strings.Join(r.warnings(), "\n")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: warnings %q, want %q", test.name, got, test.want)
		}
	}
}

func TestVerdictNeedsBoth(t *testing.T) {
	r := reportOf("echo64/64", steady, 0.8)
	r.Cells[0].Servers = r.Cells[0].Servers[:1]
	if got := r.verdict(); !strings.HasPrefix(got, "No verdict") {
		t.Errorf("without uringnet: %s", got)
	}
}

func TestVerdictWithoutRing(t *testing.T) {
	r := reportOf("echo64/64", steady, 0.8)
	r.Cells[0].Servers[1].Backend = "net (URINGNET=off)"
	r.judge()
	if want := "ran on net (URINGNET=off)"; !strings.Contains(r.Verdict, want) {
		t.Errorf("verdict %q does not say %q", r.Verdict, want)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "without io_uring") {
		t.Errorf("warnings are %q", r.Warnings)
	}
}

func TestWarnings(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(*CellReport)
		want string
	}{
		{"none", func(*CellReport) {}, ""},
		{"noise", func(c *CellReport) {
			c.Servers[0] = served(server.Net, []float64{1, 0.5, 1.5, 0.7, 1.3}, 1000, 1, 1)
		}, "echo64/64: this machine was too noisy"},
		{"failure", func(c *CellReport) { c.Servers[2].Error = "it broke" }, "echo64/64: epoll failed: it broke"},
		{"others", func(c *CellReport) { each(c, func(d *Round) { d.OtherCPU = 0.5 }) }, "other processes"},
		{"hypervisor", func(c *CellReport) { each(c, func(d *Round) { d.Stolen = 0.5 }) }, "hypervisor"},
		{"client", func(c *CellReport) {
			for i := range c.Servers[1].Rounds {
				c.Servers[1].Rounds[i].ClientCPU, c.Servers[1].Rounds[i].CPU = 1, 0.5
			}
		}, "at its limit before uringnet"},
	} {
		r := reportOf("echo64/64", steady, 0.8)
		test.do(&r.Cells[0])
		got := strings.Join(r.warnings(), "\n")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: warnings %q, want %q", test.name, got, test.want)
		}
	}
}

func each(c *CellReport, do func(*Round)) {
	for i := range c.Servers {
		for j := range c.Servers[i].Rounds {
			do(&c.Servers[i].Rounds[j])
		}
	}
}

func TestWarningsShareLines(t *testing.T) {
	r := with(reportOf("echo64/8", steady, 0.8), reportOf("echo64/64", steady, 0.8))
	for i := range r.Cells {
		r.Cells[i].Servers[2].Error = "it broke"
	}
	if got := r.warnings(); len(got) != 1 || !strings.HasPrefix(got[0], "echo64/8, echo64/64: ") {
		t.Errorf("warnings are %q, want one line for both cells", got)
	}
}

func TestWarningsOfAllCells(t *testing.T) {
	r := with(reportOf("echo64/1", steady, 1), reportOf("echo64/8", steady, 1), reportOf("echo64/64", steady, 1), reportOf("http/1", steady, 1))
	for i := range r.Cells {
		r.Cells[i].Servers[2].Error = "it broke"
	}
	if got := r.warnings(); len(got) != 1 || !strings.HasPrefix(got[0], "all cells: ") {
		t.Errorf("warnings are %q, want one line for all cells", got)
	}
}

func TestFailure(t *testing.T) {
	r := reportOf("echo64/64", steady, 0.8)
	if err := r.failure(); err != nil {
		t.Errorf("a whole report fails: %v", err)
	}
	r.Cells[0].Servers[2].Error = "it broke"
	if err := r.failure(); err != nil {
		t.Errorf("a server made for comparison makes the whole fail: %v", err)
	}
	r.Interrupted = true
	if err := r.failure(); err == nil {
		t.Error("an interrupted run is no failure")
	}
	r.Cells[0].Servers[1].Error = "it broke"
	if err := r.failure(); err == nil || !strings.Contains(err.Error(), "uringnet failed: it broke") {
		t.Errorf("uringnet's failure is %v", err)
	}
}
