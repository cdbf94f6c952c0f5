//go:build linux

package sched

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// player is a connection as far as turns are concerned.
type player struct {
	turn Turn
	desc PollDesc
}

func newPlayer() *player {
	p := new(player)
	p.desc.Init(-1)
	return p
}

func (p *player) fut() *Future { return &p.desc.In.fut }

// await awaits a turn of w.
func (p *player) await(t *testing.T, w *worker) {
	t.Helper()
	w.queue(&p.turn, p.fut())
	if err := p.turn.await(&p.desc.In); err != nil {
		t.Error(err)
	}
}

// play starts players that await turns of w, each calling had with its number when it has had one.
// It begins when all are in the queue.
func play(t *testing.T, patience time.Duration, players, turns int, had func(player int)) {
	w := staged(t) // nobody drains it
	w.patience = patience
	var wg sync.WaitGroup
	for i := range players {
		wg.Go(func() {
			p := newPlayer()
			for range turns {
				p.await(t, w)
				had(i)
			}
		})
	}
	for queued := 0; queued < players; runtime.Gosched() {
		queued = 0
		w.mu.Lock()
		for q := w.turns.first; q != nil; q = q.next {
			queued++
		}
		w.mu.Unlock()
	}
	w.flusher.Notify() // it is counted in awake already
	wg.Wait()
}

// Nobody is forgotten while others have one turn after the other, however many they are.
func TestTurnsAreFair(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer severalPs.Store(severalPs.Load())
	for _, several := range []bool{false, true} {
		severalPs.Store(several)
		fairTurns(t)
	}
}

func fairTurns(t *testing.T) {
	t.Helper()
	const players, turns = 3*reapBatch + 5, 100
	var had [players]atomic.Int32
	var unfair sync.Once
	play(t, patience, players, turns, func(i int) {
		n := had[i].Add(1)
		for j := range had {
			// The scheduler may keep somebody who was readied from running for a while.
			if other := had[j].Load(); other < n-turns/2 {
				unfair.Do(func() { t.Errorf("player %d has its turn %d, player %d had %d", i, n, j, other) })
			}
		}
	})
}

// With several Ps a drain gives few turns in one pass, and in any case no more than fit into a run
// queue with what it reaped.
func TestTurnsAtOnce(t *testing.T) {
	defer severalPs.Store(severalPs.Load())
	for _, tc := range []struct {
		several bool
		reaped  int
		want    int
	}{
		{false, 0, reapBatch}, {false, reapBatch, reapBatch / 2},
		{true, 0, turnBatch}, {true, reapBatch, turnBatch},
	} {
		severalPs.Store(tc.several)
		if got := turnsAfter(tc.reaped); got != tc.want {
			t.Errorf("%+v: %d turns", tc, got)
		}
	}
}

// Turns that a drain leaves behind, because its time is up, are given later.
func TestTurnsLeftBehind(t *testing.T) {
	play(t, 0, 2*reapBatch+10, 10, func(int) {})
}

// A turn that is interrupted, or whose owner does not wait for it, stays in the queue once, and
// others are not held up.
func TestTurnInterrupted(t *testing.T) {
	w := staged(t) // nobody drains it
	p, other := newPlayer(), newPlayer()
	w.queue(&p.turn, p.fut())
	w.queue(&other.turn, other.fut())
	for range 3 {
		p.desc.In.SetDeadline(time.Now().Add(-time.Second))
		if err := p.turn.await(&p.desc.In); err != os.ErrDeadlineExceeded {
			t.Fatal(err)
		}
		p.desc.In.SetDeadline(time.Time{})
	}
	if !p.turn.queued.Load() {
		t.Fatal("the turn has left the queue")
	}
	if n := w.giveTurns(reapBatch); n != 2 {
		t.Errorf("%d turns for 2 players", n)
	}
	for _, p := range []*player{p, other} {
		if p.turn.queued.Load() || p.turn.await(&p.desc.In) != nil {
			t.Error("the turn has not come")
		}
	}
	if n := w.giveTurns(reapBatch); n != 0 {
		t.Errorf("%d turns for nobody", n)
	}
}

// A goroutine that reaps without draining may take the completion that was to wake the completer.
func TestReapingEnsuresTurns(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the completer does not run in between
	_, fd := socketPair(t)
	for range 5 {
		w := staged(t)
		o := newOp()
		buf := make([]byte, 1)
		o.recv(w, fd, buf)
		p := newPlayer()
		w.queue(&p.turn, p.fut())
		w.mu.Lock()
		w.awake = 0 // a drain whose time is up
		w.mu.Unlock()
		w.provokeEdge()
		o.CancelAndAwait()
		o.Take()
		if err := p.turn.await(&p.desc.In); err != nil {
			t.Fatal(err)
		}
	}
}

// While turns are taken all the time the goroutine that gives them parks now and then, with a ring
// and without, so that the scheduler looks at the runtime's poller.
func TestTurnsLeaveTimeForPoller(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for name, w := range map[string]*worker{"ring": onRing(t), "no ring": {patience: patience}} {
		t.Run(name, func(t *testing.T) {
			var stop atomic.Bool
			var wg sync.WaitGroup
			for range 32 {
				wg.Go(func() {
					for p := newPlayer(); !stop.Load(); {
						p.await(t, w)
					}
				})
			}
			awaitParks(t, w)
			stop.Store(true)
			wg.Wait()
		})
	}
}

// A worker without a ring gives all turns, also those that it leaves behind because its time is up.
func TestTurnsWithoutRing(t *testing.T) {
	w := &worker{} // without patience
	var wg sync.WaitGroup
	for range 2*reapBatch + 10 {
		wg.Go(func() {
			p := newPlayer()
			for range 10 {
				p.await(t, w)
			}
		})
	}
	wg.Wait()
}
