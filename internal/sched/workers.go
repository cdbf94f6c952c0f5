//go:build linux

package sched

import (
	"sync"
	"sync/atomic"

	"github.com/uringnet/uringnet/internal/ring"
)

// workers are the rings by P. They are created when a P first issues an operation, and never closed.
var workers struct {
	byP atomic.Pointer[[]*worker] // replaced as a whole

	// mu guards the replacement.
	mu sync.Mutex
}

// Start creates the first ring, and so finds out whether rings can be had.
func Start() error {
	workers.mu.Lock()
	defer workers.mu.Unlock()
	if workers.byP.Load() != nil {
		return nil
	}
	features, err := ring.Probe()
	if err != nil {
		return err
	}
	if err := ring.Missing(features); err != nil {
		return err
	}
	w, err := newWorker(nil)
	if err != nil {
		return err
	}
	workers.byP.Store(&[]*worker{w})
	return nil
}

// current returns the worker of the P that the caller runs on. The caller may move to another P at any time, which
// costs locality and nothing else.
func current() *worker {
	p := currentP()
	if ws := *workers.byP.Load(); p < len(ws) && ws[p] != nil {
		return ws[p]
	}
	return addWorker(p)
}

// addWorker creates the ring of p. If that fails, for lack of file descriptors or memory, p
// shares the first ring for good.
func addWorker(p int) *worker {
	workers.mu.Lock()
	defer workers.mu.Unlock()
	old := *workers.byP.Load()
	if p < len(old) && old[p] != nil {
		return old[p]
	}
	w, err := newWorker(old[0])
	if err != nil {
		w = old[0]
	}
	ws := make([]*worker, max(len(old), p+1))
	copy(ws, old)
	ws[p] = w
	workers.byP.Store(&ws)
	return w
}

// distinct returns each worker once.
func distinct() []*worker {
	ws := workers.byP.Load()
	if ws == nil {
		return nil
	}
	var out []*worker
	seen := map[*worker]bool{nil: true}
	for _, w := range *ws {
		if !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return out
}
