//go:build linux

package load

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/uringnet/uringnet/internal/bench/proc"
	"github.com/uringnet/uringnet/internal/bench/rawio"
)

// settle bounds each blocking step of the set-up, so that a broken server ends in an error.
const settle = 10 * time.Second

// Run measures. It takes over the calling thread.
func Run(cfg Config) (Result, error) {
	runtime.LockOSThread()
	if err := rawio.RaiseFileLimit(cfg.Work.Conns + cfg.Work.IdleConns); err != nil {
		return Result{}, err
	}
	addr, err := parseAddr(cfg.Addr)
	if err != nil {
		return Result{}, err
	}
	noPriority := ""
	if cfg.Priority {
		if err := rawio.RunFirst(); err != nil {
			noPriority = err.Error()
		}
	}
	l, err := newLoop(cfg.Work, addr)
	if err != nil {
		return Result{}, err
	}
	d, err := newDriver(l, cfg.Seed)
	if err != nil {
		return Result{}, err
	}
	l.driver = d
	if err := d.start(); err != nil {
		return Result{}, fmt.Errorf("setting up %d connections: %w", cfg.Work.Conns, err)
	}
	idle, err := openIdle(l, cfg)
	if err != nil {
		return Result{}, fmt.Errorf("opening %d idle connections: %w", cfg.Work.IdleConns, err)
	}
	if err := d.run(cfg.Warmup); err != nil {
		return Result{}, fmt.Errorf("during warm-up: %w", err)
	}
	r, err := window(l, d, cfg)
	r.NoPriority = noPriority
	if cfg.Work.IdleConns > 0 {
		r.IdleBytes = float64(r.RSS-idle.RSS) / float64(cfg.Work.IdleConns)
	}
	return r, err
}

// window runs the measured part. A window in which nothing was answered, or the server did not run,
// is made longer: it is the server's answers that are measured, and they may have been there
// before.
func window(l *loop, d driver, cfg Config) (Result, error) {
	l.hist.Reset()
	l.late.Reset()
	l.requests = 0
	before, err := take(cfg)
	if err != nil {
		return Result{}, err
	}
	start := time.Now()
	var elapsed time.Duration
	for after := before; ; {
		if l.requests > 0 && after.server.CPU > before.server.CPU {
			return result(l, elapsed, before, after), nil
		}
		if time.Since(start) > settle+cfg.Window {
			return Result{}, fmt.Errorf("the server has answered no request for %v", time.Since(start).Round(time.Second))
		}
		if err := d.run(cfg.Window); err != nil {
			return Result{}, err
		}
		elapsed = time.Since(start)
		if after, err = take(cfg); err != nil {
			return Result{}, err
		}
	}
}

// samples are those of the server, of the one behind it if it is a proxy, and of this process.
type samples struct{ server, origin, client proc.Sample }

func take(cfg Config) (s samples, err error) {
	if s.server, err = proc.Take(cfg.ServerPID); err != nil {
		return s, err
	}
	if cfg.OriginPID != 0 {
		if s.origin, err = proc.Take(cfg.OriginPID); err != nil {
			return s, err
		}
	}
	s.client, err = proc.Take(os.Getpid())
	return s, err
}

func result(l *loop, elapsed time.Duration, before, after samples) Result {
	r := Between(before.server, after.server, l.hist)
	r.Requests, r.Seconds = l.requests, elapsed.Seconds()
	r.ClientCPU = (after.client.CPU - before.client.CPU).Seconds()
	origin := (after.origin.CPU - before.origin.CPU).Seconds()
	r.OtherCPU = max(0, r.OtherCPU-r.ClientCPU-origin)
	if l.work.Open() {
		r.LateP99 = micros(l.late.ValueAtPercentile(99))
	}
	return r
}

// Between is what a process used up between two samples, with latencies in nanoseconds. All else
// that ran on the machine counts as OtherCPU.
func Between(before, after proc.Sample, latencies *hdrhistogram.Histogram) Result {
	cpu := (after.CPU - before.CPU).Seconds()
	user := (after.User - before.User).Seconds()
	system := (after.System - before.System).Seconds()
	r := Result{
		P50:      micros(latencies.ValueAtPercentile(50)),
		P99:      micros(latencies.ValueAtPercentile(99)),
		P999:     micros(latencies.ValueAtPercentile(99.9)),
		Max:      micros(latencies.Max()),
		CPU:      cpu,
		Switches: after.Switches - before.Switches,
		RSS:      after.RSS,
		OtherCPU: max(0, (after.Machine-before.Machine).Seconds()-cpu),
		Stolen:   (after.Stolen - before.Stolen).Seconds(),
	}
	if ticks := user + system; ticks > 0 {
		// The precise sum is divided as the imprecise ticks are.
		r.User, r.System = cpu*user/ticks, cpu*system/ticks
	}
	return r
}

func micros(nanos int64) float64 { return float64(nanos) / 1e3 }
