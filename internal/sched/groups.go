//go:build linux

package sched

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
)

// psPerRing is how many Ps share a worker, unless the environment says otherwise. Other Ps steal
// the goroutines that a completer wakes; with a ring for each P what they submit next would end up
// in several batches, each of them small, and each with a thread that has to be awake to complete
// it.
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

// groups are the workers by group of Ps. They are made when a P of the group first notes a receive,
// and never go.
var groups struct {
	workers atomic.Pointer[[]*worker] // replaced as a whole

	// mu guards the replacement.
	mu sync.Mutex

	// making is held while a ring is made. No goroutine waits for it.
	making sync.Mutex
}

// current returns the worker of the P that the caller runs on. The caller may move to another P at
// any time, which costs locality and nothing else.
func current() *worker { return workerOf(currentP()) }

// currentP is the number of the P that runs the caller, a hint that is stale as soon as it returns.
func currentP() int {
	p := procPin()
	procUnpin()
	return p
}

// workerOf returns the worker of P number p, and makes it if there is none.
func workerOf(p int) *worker {
	if w := known(p); w != nil {
		return w
	}
	return addWorker(p / groupSize)
}

// known is the worker of P number p, or nil.
func known(p int) *worker {
	g := p / groupSize
	if ws := groups.workers.Load(); ws != nil && g < len(*ws) {
		return (*ws)[g]
	}
	return nil
}

func addWorker(g int) *worker {
	groups.mu.Lock()
	defer groups.mu.Unlock()
	old := all()
	if g < len(old) && old[g] != nil {
		return old[g]
	}
	ws := make([]*worker, max(len(old), g+1))
	copy(ws, old)
	ws[g] = &worker{patience: patience}
	groups.workers.Store(&ws)
	return ws[g]
}

// all are the workers by group; some may be nil.
func all() []*worker {
	if ws := groups.workers.Load(); ws != nil {
		return *ws
	}
	return nil
}

// ringAgain is how long a worker waits after it got no ring, for want of memory or descriptors,
// before it tries again. Its receives wait in the poller meanwhile.
const ringAgain = 2 * time.Second

// hasRing reports whether the worker has a ring.
func (w *worker) hasRing() bool { return w.ringed.Load() != nil }

// ringNear reports whether the worker of the caller's P has a ring.
func ringNear() bool {
	w := known(currentP())
	return w != nil && w.hasRing()
}

// ensureRing makes a ring if the worker has none, unless that was tried a short while ago, or
// another goroutine is at it.
func (w *worker) ensureRing() {
	if w.hasRing() || nanotime() < w.nextTry.Load() || !groups.making.TryLock() {
		return
	}
	defer groups.making.Unlock()
	if w.hasRing() {
		return
	}
	r, err := newRinged(firstRing())
	if err != nil {
		w.nextTry.Store(nanotime() + int64(ringAgain))
		return
	}
	w.ringed.Store(r)
	w.mu.Lock()
	w.start()
	w.mu.Unlock()
	outside.Spawn(w.completer)
}

// ensureRings makes a ring for each group of Ps that there is now. Others get theirs when a receive
// of theirs has waited; see Placement.Note.
func ensureRings() {
	for p := 0; p < runtime.GOMAXPROCS(0); p += groupSize {
		workerOf(p).ensureRing()
	}
}

// firstRing is the ring of the first worker that has one, or nil.
func firstRing() *ringed {
	if w := withRing(); w != nil {
		return w.ringed.Load()
	}
	return nil
}

// withRing is the first worker that has a ring, or nil.
func withRing() *worker {
	for _, w := range all() {
		if w != nil && w.hasRing() {
			return w
		}
	}
	return nil
}

// nearestRing is the worker of the caller's P, or another if that one has no ring: the caller may
// have moved since it was told that there is one.
func nearestRing() *worker {
	if w := current(); w.hasRing() {
		return w
	}
	return withRing()
}

// Start finds out whether rings can be had, and lets receives wait there.
func Start() error {
	features, err := ring.Probe()
	if err != nil {
		return err
	}
	if err := ring.Missing(features); err != nil {
		return err
	}
	return configure()
}

// StartWithoutRings has all receives wait in the runtime's poller.
func StartWithoutRings() { waitPolicy.Store(waitInPoller) }
