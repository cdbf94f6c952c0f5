//go:build linux

package sched

import (
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/uringnet/uringnet/internal/ring"
)

// psPerRing is how many Ps share a ring, unless the environment says otherwise. Other Ps steal the goroutines that a completer
// wakes; with a ring for each P what they submit next would end up in several batches, each of them small, and each with a
// thread that has to be awake to complete it.
const (
	psPerRing     = 4
	psPerRingName = "URINGNET_PS_PER_RING"
)

// groupSize is psPerRing, or what the environment says.
var groupSize = func() int {
	if n, err := strconv.Atoi(os.Getenv(psPerRingName)); err == nil && n > 0 {
		return n
	}
	return psPerRing
}()

// workers are the rings by group of Ps. They are created when a P of the group first issues an operation, and never closed.
var workers struct {
	byGroup atomic.Pointer[[]*worker] // replaced as a whole

	// mu guards the replacement.
	mu sync.Mutex
}

// Start creates the first ring, and so finds out whether rings can be had.
func Start() error {
	workers.mu.Lock()
	defer workers.mu.Unlock()
	if workers.byGroup.Load() != nil {
		return nil
	}
	if err := waitFromEnvironment(); err != nil {
		return err
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
	workers.byGroup.Store(&[]*worker{w})
	return nil
}

// current returns the worker of the P that the caller runs on. The caller may move to another P at any time, which
// costs locality and nothing else.
func current() *worker { return workerOf(currentP()) }

func workerOf(p int) *worker {
	g := p / groupSize
	if ws := *workers.byGroup.Load(); g < len(ws) && ws[g] != nil {
		return ws[g]
	}
	return addWorker(g)
}

// addWorker creates the ring of group g. If that fails, for lack of file descriptors or memory, the group
// shares the first ring for good.
func addWorker(g int) *worker {
	workers.mu.Lock()
	defer workers.mu.Unlock()
	old := *workers.byGroup.Load()
	if g < len(old) && old[g] != nil {
		return old[g]
	}
	w, err := newWorker(old[0])
	if err != nil {
		w = old[0]
	}
	ws := make([]*worker, max(len(old), g+1))
	copy(ws, old)
	ws[g] = w
	workers.byGroup.Store(&ws)
	return w
}

// distinct returns each worker once.
func distinct() []*worker {
	ws := workers.byGroup.Load()
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
