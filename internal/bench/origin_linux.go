package bench

import (
	"context"
	"fmt"

	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// origin is the server behind a reverse proxy: the raw epoll loop, which is the same for all
// proxies and takes the least CPU time from them. It is nil where the work has no proxy.
type origin struct {
	process *process
	addr    string
}

func (r *runner) startOrigin(ctx context.Context, w workload.Workload) (*origin, error) {
	if w.Kind != workload.Proxy {
		return nil, nil
	}
	cfg := server.Config{Kind: server.Epoll, Work: workload.Workload{Kind: workload.HTTP, Conns: w.Sockets()}}
	p, err := start(ctx, r.binary, serverCommand, cfg, loopEnv, r.Pin.Client)
	if err != nil {
		return nil, err
	}
	var ready server.Ready
	if err := p.answer(&ready, patience); err != nil {
		return nil, p.fail(fmt.Errorf("the server behind the proxy did not start: %w", err))
	}
	return &origin{p, ready.Addr}, nil
}

func (o *origin) address() string {
	if o == nil {
		return ""
	}
	return o.addr
}

// pid is 0 if there is none.
func (o *origin) pid() int {
	if o == nil {
		return 0
	}
	return o.process.cmd.Process.Pid
}

// end ends it. How it ends does not matter: the measurement is over.
func (o *origin) end() {
	if o != nil {
		o.process.kill()
		_ = o.process.wait()
	}
}
