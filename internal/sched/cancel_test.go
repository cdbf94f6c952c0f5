//go:build linux

package sched

import (
	"syscall"
	"testing"

	"github.com/uringnet/uringnet/internal/ring"
)

// An operation in flight that is cancelled ends, says so, and leaves the memory alone from then on.
func TestCancelInFlight(t *testing.T) {
	a, b := socketPair(t)
	ringHere(t)
	o := newOp()
	buf := make([]byte, 16)
	for range 1000 {
		o.Recv(b, buf)
		o.CancelAndAwait()
		if r := o.Take(); r.Errno != syscall.ECANCELED {
			t.Fatalf("%+v", r)
		}
	}
	write(t, a, "x")
	if buf[0] != 0 {
		t.Fatal("a cancelled receive wrote into the buffer")
	}
	o.Recv(b, buf)
	if r := o.await(t); r.N != 1 {
		t.Fatalf("%+v", r)
	}
}

// Whichever comes first, data or cancellation, no byte is lost.
func TestCancelRacesData(t *testing.T) {
	a, b := socketPair(t)
	ringHere(t)
	o := newOp()
	buf := make([]byte, 1)
	rounds := 20000
	if testing.Short() {
		rounds = 2000
	}
	for i := range rounds {
		o.Recv(b, buf)
		done := make(chan struct{})
		go func() { write(t, a, string([]byte{byte(i)})); close(done) }()
		o.CancelAndAwait()
		r := o.Take()
		<-done
		if r.Errno == syscall.ECANCELED {
			o.Recv(b, buf)
			r = o.await(t)
		}
		if r.N != 1 || buf[0] != byte(i) {
			t.Fatalf("round %d: %+v, byte %d", i, r, buf[0])
		}
	}
}

// A cancellation that finds nothing although its operation is in flight is sent again.
func TestCancellationThatMissedIsRepeated(t *testing.T) {
	_, b := socketPair(t)
	w := staged(t)
	o := newOp()
	o.recv(w, b, make([]byte, 1))
	w.flush()
	w.mu.Lock()
	f := w.finish(&ring.CQE{UserData: o.userData | cancelMark, Res: -int32(syscall.ENOENT)}, false)
	w.mu.Unlock()
	if f != o.fut || !o.InFlight() {
		t.Fatal("the owner does not learn that its cancellation missed")
	}
	if !o.cancelFailed.Load() {
		t.Fatal("the owner would not cancel again")
	}
	o.CancelAndAwait()
	if r := o.Take(); r.Errno != syscall.ECANCELED {
		t.Fatalf("%+v", r)
	}
	// For an operation that is over it means nothing.
	w.mu.Lock()
	f = w.finish(&ring.CQE{UserData: o.userData | cancelMark, Res: -int32(syscall.ENOENT)}, false)
	w.mu.Unlock()
	if f != nil || w.counters.Stale.Load() != 0 {
		t.Error("a cancellation that came too late is taken for something else")
	}
}
