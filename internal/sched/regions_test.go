//go:build linux

package sched

import (
	"bytes"
	"runtime"
	"runtime/trace"
	"testing"
)

// Each place where a call waits is a region of the execution trace, if that is asked for, and none
// is otherwise.
func TestWaitsAreRegions(t *testing.T) {
	was := tracesWaits
	t.Cleanup(func() { tracesWaits = was })
	for _, tracesWaits = range []bool{false, true} {
		var text bytes.Buffer
		if err := trace.Start(&text); err != nil {
			t.Fatal(err)
		}
		waitInPoll(t)
		waitForTurn(t)
		waitOnARing(t)
		waitForCancelled(t)
		trace.Stop()
		for _, name := range []string{inPollerRegion, inTurnRegion, onRingRegion, cancelRegion} {
			if got := bytes.Contains(text.Bytes(), []byte(name)); got != tracesWaits {
				t.Errorf("switched on: %v; %q is in the trace: %v", tracesWaits, name, got)
			}
		}
	}
}

// awaitPark returns when a goroutine waits for f.
func awaitPark(f *Future) {
	for f.state.Load() <= notified {
		runtime.Gosched()
	}
}

func waitInPoll(t *testing.T) {
	a, b := socketPair(t)
	p := watch(t, b)
	go write(t, a, "x")
	if err := p.In.WaitReady(); err != nil {
		t.Fatal(err)
	}
}

func waitForTurn(t *testing.T) {
	w, p := staged(t), newPlayer()
	done := make(chan bool)
	go func() {
		p.await(t, w)
		close(done)
	}()
	awaitPark(p.fut())
	w.giveTurns(1)
	<-done
}

func waitOnARing(t *testing.T) {
	a, b := socketPair(t)
	ringHere(t)
	o := newOp()
	done := make(chan bool)
	go func() {
		o.Recv(b, make([]byte, 8))
		o.await(t)
		close(done)
	}()
	awaitPark(o.fut)
	write(t, a, "x")
	<-done
}

// Nobody can reap while the test holds the lock for it, so the cancelled receive is waited for.
func waitForCancelled(t *testing.T) {
	_, b := socketPair(t)
	w, o := onRing(t), newOp()
	o.recv(w, b, make([]byte, 8))
	done := make(chan bool)
	w.reapMu.Lock()
	go func() {
		o.CancelAndAwait()
		close(done)
	}()
	awaitPark(o.fut)
	w.reapMu.Unlock()
	<-done
}
