package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/uringnet/uringnet/internal/bench/load"
	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// runner carries out a benchmark.
type runner struct {
	Options
	binary   string // this program, to start children with
	scratch  string // folder for temporary files
	progress *Progress

	capacities map[workload.Workload]capacity
}

// Measure runs the benchmark. When ctx ends it stops its children and returns what there is.
// Progress goes to p.
func Measure(ctx context.Context, o Options, p *Progress) (*Report, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program, to start children with: %w", err)
	}
	if o.Profiles != "" {
		if err := os.MkdirAll(o.Profiles, 0o777); err != nil {
			return nil, fmt.Errorf("-cpuprofile: %w", err)
		}
	}
	scratch, err := os.MkdirTemp("", "uringnet-bench-*")
	if err != nil {
		return nil, fmt.Errorf("a temporary folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	r := &runner{Options: o, binary: binary, scratch: scratch, progress: p}
	r.calibrate()
	if err := r.limitConns(); err != nil {
		return nil, err
	}
	report := newReport(o)
	if warning := r.buildPeer(ctx); warning != "" {
		report.Warnings = append(report.Warnings, warning)
	}
	if err := r.buildWhole(ctx); err != nil {
		return nil, err
	}
	p.total = r.count()
	r.capacities = map[workload.Workload]capacity{}
	for _, cell := range o.Cells {
		if ctx.Err() != nil {
			break
		}
		c := r.cell(ctx, cell)
		c.summarize()
		report.Cells = append(report.Cells, c)
	}
	report.Interrupted = ctx.Err() != nil
	p.clear()
	report.judge()
	return report, nil
}

// calibrate fills in how much work the handlers that burn CPU have to do.
func (r *runner) calibrate() {
	const sample = 2 * time.Millisecond
	loops := 0
	for i := range r.Cells {
		w := &r.Cells[i].Work
		if w.Burn == 0 {
			continue
		}
		if loops == 0 {
			loops = workload.CalibrateBurn(sample)
		}
		w.BurnLoops = int(float64(loops) * float64(w.Burn) / float64(sample))
	}
}

// limitConns says how many connections those cells have that go up to the limit.
func (r *runner) limitConns() error {
	most, err := load.MostConns()
	if err != nil {
		return err
	}
	for i := range r.Cells {
		if c := &r.Cells[i]; c.UpToLimit() {
			c.Work.Conns = min(c.Work.Conns, most)
		}
	}
	return nil
}

// runs returns the servers that can do the work of a cell.
func (r *runner) runs(w workload.Workload) []Spec {
	canRun := r.Runs
	if canRun == nil {
		canRun = server.Runs
	}
	var specs []Spec
	for _, s := range r.Servers {
		if canRun(s.Kind, w) {
			specs = append(specs, s)
		}
	}
	return specs
}

// count returns the number of measurements, those of capacities included.
func (r *runner) count() int {
	n := 0
	counted := map[workload.Workload]bool{}
	for _, c := range r.Cells {
		n += len(r.runs(c.Work)) * r.Rounds
		if closed := c.Work.Closed(); c.Work.Share > 0 && !counted[closed] {
			counted[closed] = true
			n += capacityRuns
		}
	}
	return n
}

// cell measures all servers in one cell, in turn: A B C A B C. A server that fails is out for the
// rest of the cell.
func (r *runner) cell(ctx context.Context, cell workload.Cell) CellReport {
	c := CellReport{Cell: cell}
	specs := r.runs(cell.Work)
	for _, s := range specs {
		c.Servers = append(c.Servers, ServerReport{Name: s.Name, Kind: s.Kind})
	}
	err := r.chooseRate(ctx, &c)
	if ctx.Err() != nil {
		return c // killed, not failed
	}
	if err != nil {
		for i := range c.Servers {
			c.Servers[i].Error = err.Error()
		}
		return c
	}
	for round := 1; round <= r.Rounds; round++ {
		for i, spec := range specs {
			r.progress.begin(cell.Name, round, r.Rounds, spec.Name)
			if s := &c.Servers[i]; s.Error == "" {
				r.turn(ctx, spec, c.Cell, round, s)
			}
			if ctx.Err() != nil {
				return c
			}
		}
	}
	return c
}

// turn adds one measurement to s, or the reason why there is none.
func (r *runner) turn(ctx context.Context, spec Spec, cell workload.Cell, round int, s *ServerReport) {
	result, err := r.measure(ctx, spec, cell, round, s)
	if ctx.Err() != nil {
		return // killed, not failed
	}
	if err != nil {
		s.Error = err.Error()
		r.progress.note(fmt.Sprintf("%s round %d: %s failed: %v", cell.Name, round, spec.Name, err))
		return
	}
	s.Rounds = append(s.Rounds, result)
	if r.Verbose {
		r.progress.note(describe(cell.Name, spec.Name, result))
	}
}

// measure starts a server and a load generator for one measurement.
func (r *runner) measure(ctx context.Context, spec Spec, cell workload.Cell, round int, s *ServerReport) (Round, error) {
	none := Round{}
	if cell.Work.Kind == workload.Search {
		return r.search(ctx, spec, cell.Work, round, s)
	}
	behind, err := r.startOrigin(ctx, cell.Work)
	if err != nil {
		return none, err
	}
	defer behind.end()
	srv, ready, err := r.startServer(ctx, spec, cell, round, behind.address())
	if err != nil {
		return none, err
	}
	s.Backend = ready.Backend
	result, err := r.load(ctx, load.Config{
		Addr:      ready.Addr,
		ServerPID: srv.cmd.Process.Pid,
		OriginPID: behind.pid(),
		Work:      cell.Work,
		Warmup:    r.Warmup,
		Window:    r.Window,
		Seed:      uint64(round), // each server gets the same arrivals
		Priority:  r.Priority,
	})
	if err != nil {
		return none, srv.fail(err)
	}
	srv.stdin.Close()
	var final server.Final
	if err := srv.answer(&final, patience); err != nil {
		return none, srv.fail(fmt.Errorf("the server did not end as it should: %w", err))
	}
	if err := srv.wait(); err != nil {
		return none, fmt.Errorf("the server did not end as it should: %w", err)
	}
	return Round{Result: result, Number: round, Ring: final.Ring}, nil
}

func (r *runner) startServer(ctx context.Context, spec Spec, cell workload.Cell, round int, origin string) (*process, server.Ready, error) {
	cfg := server.Config{Kind: spec.Kind, Work: cell.Work, Scratch: r.scratch, Origin: origin}
	if r.Profiles != "" {
		name := strings.NewReplacer("/", "-", " ", "").Replace(fmt.Sprintf("%s_%s_%d.pprof", cell.Name, spec.Name, round))
		cfg.CPUProfile = filepath.Join(r.Profiles, name)
	}
	binary := r.binary
	if spec.Binary != "" {
		binary = spec.Binary
	}
	var ready server.Ready
	srv, err := start(ctx, binary, serverCommand, cfg, r.serverEnv(spec), r.Pin.Server)
	if err != nil {
		return nil, ready, err
	}
	if err := srv.answer(&ready, patience); err != nil {
		return nil, ready, srv.fail(fmt.Errorf("the server did not start: %w", err))
	}
	return srv, ready, nil
}

// serverEnv are the environment variables of a server; later ones win.
func (r *runner) serverEnv(spec Spec) []string {
	var env []string
	if r.GOMAXPROCS > 0 {
		env = append(env, fmt.Sprintf("GOMAXPROCS=%d", r.GOMAXPROCS))
	}
	if spec.Kind == server.Epoll {
		env = append(env, loopEnv...)
	}
	return append(env, spec.Env...)
}

// loopEnv keeps the Go scheduler from interrupting an event loop that runs alone.
var loopEnv = []string{"GODEBUG=asyncpreemptoff=1", "GOGC=off"}

func (r *runner) load(ctx context.Context, cfg load.Config) (load.Result, error) {
	var result load.Result
	gen, err := start(ctx, r.binary, loadCommand, cfg, loopEnv, r.Pin.Client)
	if err != nil {
		return result, err
	}
	const setUp = 30 * time.Second
	if err := gen.answer(&result, cfg.Warmup+cfg.Window+setUp); err != nil {
		return result, gen.fail(fmt.Errorf("load generator: %w", err))
	}
	return result, gen.wait()
}
