package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// TestMain lets this binary be the child processes of the benchmark too.
func TestMain(m *testing.M) {
	if isChild, err := Child(os.Args[1:], os.Stdin, os.Stdout); isChild {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	// A process that the race detector watches waits a second before it ends; there are many
	// children here.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

// parse reads options that must be right.
func parse(t *testing.T, args string) Options {
	t.Helper()
	var stderr bytes.Buffer
	o, err := ParseOptions(strings.Fields(args), &stderr)
	if err != nil {
		t.Fatalf("%s: %v\n%s", args, err, &stderr)
	}
	return o
}

// noChildren fails the test if a child process is left, running or not reaped.
func noChildren(t *testing.T) {
	t.Helper()
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); !errors.Is(err, unix.ECHILD) {
		t.Errorf("child process %d is left (%v)", pid, err)
	}
}

// TestSmoke runs every kind of work on every server for a moment: requests are counted and nothing
// fails.
func TestSmoke(t *testing.T) {
	o := parse(t, "-cells echo64/3,echo16k/2,stream-up/2,stream-down/2,http/2,httpfile/2,churn/4,fanout/8,tail/10,idle/100,https/3,http2/2,proxy/3,http-unix/3,push/20 "+
		"-servers net,uringnet,epoll -rounds 1 -seconds 0.1 -warmup 0.01 -depth 2")
	report, err := Measure(t.Context(), o, NewProgress(io.Discard, false))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Cells) != 15 || report.Interrupted {
		t.Errorf("%d cells, interrupted: %v", len(report.Cells), report.Interrupted)
	}
	for _, c := range report.Cells {
		want := 2
		if c.Work.HasEpoll() {
			want = 3
		}
		if len(c.Servers) != want {
			t.Errorf("%s: %d servers, want %d", c.Name, len(c.Servers), want)
		}
		for _, s := range c.Servers {
			if s.Error != "" || len(s.Rounds) != 1 {
				t.Errorf("%s %s: %d rounds, error %q", c.Name, s.Name, len(s.Rounds), s.Error)
				continue
			}
			checkRound(t, c, s)
		}
	}
	noChildren(t)
}

// TestSmokeOpenLoop runs each kind of work that has a rate: at a share of what net can do, and at a
// given one.
func TestSmokeOpenLoop(t *testing.T) {
	o := parse(t, "-cells open-echo64/20@20%,open-http/20@500,burn50us/4@10%,burn5ms-10th/4@100 "+
		"-servers net,uringnet,epoll -rounds 1 -seconds 0.1 -warmup 0.01 -burst 10ms/10ms -priority")
	report, err := Measure(t.Context(), o, NewProgress(io.Discard, false))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Cells) != 4 {
		t.Errorf("%d cells, want 4", len(report.Cells))
	}
	for _, c := range report.Cells {
		var requests []uint64
		for _, s := range c.Servers {
			if s.Error != "" || len(s.Rounds) != 1 {
				t.Errorf("%s %s: %d rounds, error %q", c.Name, s.Name, len(s.Rounds), s.Error)
				continue
			}
			checkRound(t, c, s)
			if s.Rounds[0].LateP99 <= 0 {
				t.Errorf("%s %s: the load generator was %v us late", c.Name, s.Name, s.Rounds[0].LateP99)
			}
			requests = append(requests, s.Rounds[0].Requests)
		}
		if len(slices.Compact(requests)) != 1 {
			t.Errorf("%s: the servers got %v requests, want the same arrivals for all", c.Name, requests)
		}
		if share := c.Work.Share; share > 0 && (c.Capacity <= 0 || !near(c.Work.Rate, share*c.Capacity)) {
			t.Errorf("%s: the rate is %v, want %v of %v", c.Name, c.Work.Rate, share, c.Capacity)
		}
	}
	noChildren(t)
}

// TestSmokeSearch searches through a few files, in memory and from the disk.
func TestSmokeSearch(t *testing.T) {
	o := parse(t, "-cells file -servers net,uringnet,epoll -rounds 2")
	for i := range o.Cells {
		o.Cells[i].Work.Files, o.Cells[i].Work.Conns = 120, 8
	}
	report, err := Measure(t.Context(), o, NewProgress(io.Discard, false))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Cells) != 4 {
		t.Errorf("%d cells, want 4", len(report.Cells))
	}
	for _, c := range report.Cells {
		if len(c.Servers) != 2 {
			t.Errorf("%s: %d servers, want 2", c.Name, len(c.Servers))
		}
		for _, s := range c.Servers {
			if s.Error != "" || len(s.Rounds) != 2 {
				t.Errorf("%s %s: %d rounds, error %q", c.Name, s.Name, len(s.Rounds), s.Error)
				continue
			}
			if r := s.Rounds[1]; r.Requests != 120 || r.Seconds <= 0 || r.CPU <= 0 || r.P50 <= 0 || s.Backend == "" {
				t.Errorf("%s %s: measured %+v on %q", c.Name, s.Name, r, s.Backend)
			}
		}
	}
	noChildren(t)
}

func checkRound(t *testing.T, c CellReport, s ServerReport) {
	t.Helper()
	r := s.Rounds[0]
	switch {
	case s.Backend == "":
		t.Errorf("%s %s: the backend is not known", c.Name, s.Name)
	case r.Requests == 0 || r.Seconds < 0.1 || r.CPU <= 0 || r.RSS <= 0:
		t.Errorf("%s %s: measured %+v", c.Name, s.Name, r)
	case r.P50 <= 0 || r.P99 < r.P50 || r.P999 < r.P99 || r.Max < r.P999:
		t.Errorf("%s %s: latencies are out of order: %+v", c.Name, s.Name, r)
	case c.Work.Kind == workload.Idle && s.Kind == "net" && r.IdleBytes < 1<<10:
		t.Errorf("%s %s: %v bytes per idle connection, too few for a goroutine with a buffer", c.Name, s.Name, r.IdleBytes)
	}
}

func TestAsManyConnectionsAsTheLimitAllows(t *testing.T) {
	r := &runner{Options: parse(t, "-cells echo64/10,echo64-many/max")}
	if err := r.limitConns(); err != nil {
		t.Fatal(err)
	}
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	want := int(min(lim.Max-64, workload.MostConns)) // each process has some other descriptors
	if got := r.Cells[1].Work.Conns; got != want || r.Cells[0].Work.Conns != 10 {
		t.Errorf("%d connections of %d allowed, want %d; %d where 10 were asked for", got, lim.Max, want, r.Cells[0].Work.Conns)
	}
}

// TestPinned needs one CPU only: both processes can share it.
func TestPinned(t *testing.T) {
	o := parse(t, "-cells echo64/2 -servers net,net:GOGC=400 -rounds 1 -seconds 0.05 -warmup 0.01 -pin 0:0 -gomaxprocs 1 -v")
	o.Profiles = filepath.Join(t.TempDir(), "profiles")
	var progress bytes.Buffer
	report, err := Measure(t.Context(), o, NewProgress(&progress, false))
	if err != nil {
		t.Fatal(err)
	}
	if err := report.failure(); err != nil {
		t.Error(err)
	}
	if files, _ := filepath.Glob(filepath.Join(o.Profiles, "*.pprof")); len(files) != 2 {
		t.Errorf("profiles are %v, want two", files)
	}
	if want := "echo64/2 round 1 net:GOGC=400: "; !strings.Contains(progress.String(), want) {
		t.Errorf("progress lacks %q:\n%s", want, &progress)
	}
	noChildren(t)
}

// cancelOnWrite ends a run when its progress says that it is under way.
type cancelOnWrite struct {
	text   string
	cancel context.CancelFunc
}

func (c cancelOnWrite) Write(b []byte) (int, error) {
	if strings.Contains(string(b), c.text) {
		c.cancel()
	}
	return len(b), nil
}

func TestInterrupted(t *testing.T) {
	o := parse(t, "-cells echo64/2,echo64/4 -servers net,uringnet -rounds 2 -seconds 0.05 -warmup 0.01")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	report, err := Measure(ctx, o, NewProgress(cancelOnWrite{"echo64/4 round 2", cancel}, true))
	if err != nil {
		t.Fatal(err)
	}
	if !report.Interrupted || len(report.Cells) != 2 {
		t.Fatalf("interrupted: %v, %d cells", report.Interrupted, len(report.Cells))
	}
	for i, want := range []int{2, 1} {
		for _, s := range report.Cells[i].Servers {
			if len(s.Rounds) != want || s.Error != "" {
				t.Errorf("%s %s: %d rounds, error %q; want %d rounds", report.Cells[i].Name, s.Name, len(s.Rounds), s.Error, want)
			}
		}
	}
	if err := report.failure(); err == nil {
		t.Error("an interrupted run counts as a success")
	}
	noChildren(t)
}

// TestServerThatFails shows that its own words arrive in the report and that the others go on.
func TestServerThatFails(t *testing.T) {
	o := parse(t, "-cells echo64/2 -servers net,uringnet:URINGNET=nonsense,net@/nonexistent -rounds 2 -seconds 0.05 -warmup 0")
	report, err := Measure(t.Context(), o, NewProgress(io.Discard, false))
	if err != nil {
		t.Fatal(err)
	}
	servers := report.Cells[0].Servers
	if servers[0].Error != "" || len(servers[0].Rounds) != 2 {
		t.Errorf("net: %d rounds, error %q", len(servers[0].Rounds), servers[0].Error)
	}
	if want := "is not one of off, poller, require, auto"; !strings.Contains(servers[1].Error, want) {
		t.Errorf("uringnet's error is %q, want %q", servers[1].Error, want)
	}
	if want := "no such file"; !strings.Contains(servers[2].Error, want) {
		t.Errorf("the absent binary's error is %q, want %q", servers[2].Error, want)
	}
	noChildren(t)
}

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	json, svg := filepath.Join(dir, "r.json"), filepath.Join(dir, "r.svg")
	var stdout, stderr bytes.Buffer
	args := strings.Fields("-cells echo64/2 -servers net,uringnet -rounds 1 -seconds 0.05 -warmup 0 -json " + json + " -plot " + svg)
	if code := Command(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	for _, name := range []string{svg, filepath.Join(dir, "r-latency.svg")} {
		if first, err := os.ReadFile(name); err != nil || !bytes.HasPrefix(first, []byte("<svg ")) {
			t.Errorf("chart %.20q, %v", first, err)
		}
	}
	for _, format := range []string{"text", "markdown", "summary"} {
		var again bytes.Buffer
		if code := Command(t.Context(), []string{"-from", json, "-format", format}, &again, &stderr); code != 0 {
			t.Errorf("-from: exit code %d: %s", code, &stderr)
		}
		if format == "text" && again.String() != stdout.String() {
			t.Errorf("-from prints\n%s\nand not\n%s", &again, &stdout)
		}
		if !strings.Contains(again.String(), "echo64/2") {
			t.Errorf("-format %s prints\n%s", format, &again)
		}
	}
}

func TestCommandExitCodes(t *testing.T) {
	for args, want := range map[string]int{
		"-h":                 0,
		"-cells nonsense":    2,
		"-from /nonexistent": 1,
		"-cells echo64/2 -json /nonexistent/x -servers epoll -rounds 1 -seconds 0.02 -warmup 0": 1,
	} {
		var stderr bytes.Buffer
		if code := Command(t.Context(), strings.Fields(args), io.Discard, &stderr); code != want {
			t.Errorf("%s: exit code %d, want %d: %s", args, code, want, &stderr)
		}
	}
}
