//go:build linux

package sched

import (
	"runtime"
	"testing"
	"time"
)

// An operation in flight keeps its memory, which nothing else may refer to, until its result is
// taken.
func TestOperationKeepsItsMemory(t *testing.T) {
	_, b := socketPair(t)
	ringHere(t)
	o := newOp()
	collected := make(chan struct{})
	func() {
		buf := make([]byte, 1<<16)
		runtime.AddCleanup(&buf[0], func(struct{}) { close(collected) }, struct{}{})
		o.Recv(b, buf)
	}()
	for range 3 {
		runtime.GC()
		select {
		case <-collected:
			t.Fatal("the memory of an operation in flight was collected")
		case <-time.After(10 * time.Millisecond):
		}
	}
	o.CancelAndAwait()
	o.Take()
	for {
		runtime.GC()
		select {
		case <-collected:
			runtime.KeepAlive(o)
			return
		case <-time.After(time.Millisecond):
		}
	}
}
