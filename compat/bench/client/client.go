//go:build linux

// Package client is the load generator of compat/bench for what that of internal/bench/load does
// not speak: RESP, which is Redis's, WebSocket, and gRPC.
//
// It is one thread with an epoll loop, closed loop: a request is sent when the answer to an earlier
// one is there. Requests are prepared bytes, so that it costs little beside the server. What an
// answer carries is compared with what it should carry, for every answer.
package client

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"time"

	"github.com/uringnet/uringnet/internal/bench/load"
	"github.com/uringnet/uringnet/internal/bench/proc"
	"github.com/uringnet/uringnet/internal/bench/rawio"
)

// settle bounds each blocking step of the set-up, so that a broken server ends in an error.
const settle = 10 * time.Second

// Run measures with cfg.Work.Conns connections and cfg.Work.Depth requests in flight on each. Begin
// makes the client's side of a connection. It takes over the calling thread.
func Run(cfg load.Config, begin func() Dialogue) (load.Result, error) {
	runtime.LockOSThread()
	if err := rawio.RaiseFileLimit(cfg.Work.Conns); err != nil {
		return load.Result{}, err
	}
	addr, err := netip.ParseAddrPort(cfg.Addr)
	if err != nil || !addr.Addr().Is4() {
		return load.Result{}, fmt.Errorf("server address %q: want an IPv4 address with port", cfg.Addr)
	}
	noPriority := ""
	if cfg.Priority {
		if err := rawio.RunFirst(); err != nil {
			noPriority = err.Error()
		}
	}
	l, err := newLoop()
	if err != nil {
		return load.Result{}, err
	}
	for i := range cfg.Work.Conns {
		if err := l.open(addr, begin(), cfg.Work.Depth); err != nil {
			return load.Result{}, fmt.Errorf("setting up connection %d: %w", i, err)
		}
	}
	if err := l.begin(); err != nil {
		return load.Result{}, err
	}
	if err := l.run(cfg.Warmup); err != nil {
		return load.Result{}, fmt.Errorf("during warm-up: %w", err)
	}
	r, err := l.window(cfg)
	r.NoPriority = noPriority
	return r, err
}

// window is the measured part. It goes on until there is an answer: it is the server's answers that
// are measured.
func (l *loop) window(cfg load.Config) (load.Result, error) {
	l.hist.Reset()
	l.requests = 0
	before, err := take(cfg.ServerPID)
	if err != nil {
		return load.Result{}, err
	}
	start := time.Now()
	for l.requests == 0 {
		if time.Since(start) > cfg.Window+settle {
			return load.Result{}, fmt.Errorf("the server has answered no request for %v", time.Since(start).Round(time.Second))
		}
		if err := l.run(cfg.Window); err != nil {
			return load.Result{}, err
		}
	}
	elapsed := time.Since(start)
	after, err := take(cfg.ServerPID)
	if err != nil {
		return load.Result{}, err
	}
	return l.result(elapsed, before, after), nil
}

// samples are those of the server and of this process.
type samples struct{ server, client proc.Sample }

func take(pid int) (s samples, err error) {
	if s.server, err = proc.Take(pid); err != nil {
		return s, err
	}
	s.client, err = proc.Take(os.Getpid())
	return s, err
}

func (l *loop) result(elapsed time.Duration, before, after samples) load.Result {
	micros := func(percent float64) float64 { return float64(l.hist.ValueAtPercentile(percent)) / 1e3 }
	from, to := before.server, after.server
	r := load.Result{
		Requests:  l.requests,
		Seconds:   elapsed.Seconds(),
		P50:       micros(50),
		P99:       micros(99),
		P999:      micros(99.9),
		Max:       float64(l.hist.Max()) / 1e3,
		CPU:       (to.CPU - from.CPU).Seconds(),
		Switches:  to.Switches - from.Switches,
		RSS:       to.RSS,
		ClientCPU: (after.client.CPU - before.client.CPU).Seconds(),
		Stolen:    (to.Stolen - from.Stolen).Seconds(),
	}
	r.OtherCPU = max(0, (to.Machine-from.Machine).Seconds()-r.CPU-r.ClientCPU)
	user, system := (to.User - from.User).Seconds(), (to.System - from.System).Seconds()
	if ticks := user + system; ticks > 0 {
		// The precise sum is divided as the imprecise ticks are.
		r.User, r.System = r.CPU*user/ticks, r.CPU*system/ticks
	}
	return r
}
