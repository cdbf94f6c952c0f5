//go:build linux

package sched

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// A worker that got no ring waits for a while before it tries again, and has one when there is one
// to be had. Its receives wait in the poller meanwhile.
func TestRingIsTriedAgain(t *testing.T) {
	needRings(t)
	w := &worker{patience: patience}
	withoutDescriptors(t, func() {
		if w.ensureRing(); w.hasRing() {
			t.Fatal("there is a ring without a file descriptor for it")
		}
	})
	if next := w.nextTry.Load() - nanotime(); next <= 0 || next > int64(ringAgain) {
		t.Errorf("the next try is in %d ns", next)
	}
	if w.ensureRing(); w.hasRing() {
		t.Error("it was tried again at once")
	}
	w.nextTry.Store(0) // a while later
	if w.ensureRing(); !w.hasRing() {
		t.Error("there is no ring although there are descriptors again")
	}
}

// withoutDescriptors calls f while the process can open no file.
func withoutDescriptors(t *testing.T, f func()) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	none := was
	none.Cur = 0 // open files stay
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &was)
	f()
}

// newGroups has f see groups of Ps that have done nothing yet, and one P.
func newGroups(t *testing.T, policy string, f func(w *worker)) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	was := groups.workers.Swap(nil)
	several := severalPs.Swap(false)
	before, err := SetWait(policy)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		groups.workers.Store(was)
		severalPs.Store(several)
		SetWait(before)
	}()
	f(current())
}

// joinCrowd makes p one of a crowd of w.
func joinCrowd(p *Placement, w *worker) {
	p.w = w
	for !p.crowd {
		p.update(surelyFrom)
	}
}

// The question makes no ring, and sends no receive to one that is not there. A receive that has
// waited elsewhere makes it.
func TestOnRingDoesNotAct(t *testing.T) {
	needRings(t)
	newGroups(t, "auto", func(w *worker) {
		var p Placement
		joinCrowd(&p, w)
		for _, policy := range []uint32{waitAuto, waitOnRing} {
			waitPolicy.Store(policy)
			if p.OnRing() {
				t.Errorf("policy %d: a receive is to wait on a ring, and there is none", policy)
			}
			if w.hasRing() || w.nextTry.Load() != 0 {
				t.Fatalf("policy %d: the question made a ring, or tried to", policy)
			}
		}
		waitPolicy.Store(waitAuto)
		p.Note(InPoller)
		if !w.hasRing() || !p.OnRing() {
			t.Errorf("a receive of a crowd has waited in the poller: ring %v, on it %v",
				w.hasRing(), p.OnRing())
		}
	})
}

// Nor does it make a worker for the group of a P that has none yet.
func TestOnRingMakesNoWorker(t *testing.T) {
	newGroups(t, "auto", func(*worker) {
		groups.workers.Store(nil)
		waitPolicy.Store(waitOnRing)
		if new(Placement).OnRing() || groups.workers.Load() != nil {
			t.Error("the question made a worker")
		}
	})
}

// A ring is made only for a receive that would have waited there: one of a crowd, that has waited
// in the poller and need not.
func TestNoRingWithoutNeed(t *testing.T) {
	for _, waited := range []Waited{InPoller, OffRing, InStream, InTurn} {
		newGroups(t, "auto", func(w *worker) {
			var few, crowd Placement
			few.Note(waited)
			if waited != InPoller {
				joinCrowd(&crowd, w)
				crowd.Note(waited)
			}
			if w.hasRing() {
				t.Errorf("waited %d: a ring, and no receive waits on it", waited)
			}
		})
	}
}

// Where all receives are to wait on rings, so does the first.
func TestRingIsThereForFirstReceive(t *testing.T) {
	needRings(t)
	newGroups(t, "ring", func(*worker) {
		if !new(Placement).OnRing() {
			t.Error("the first receive does not wait on a ring")
		}
	})
}
