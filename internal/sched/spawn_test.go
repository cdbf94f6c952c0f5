//go:build linux

package sched

import (
	"testing"
	"testing/synctest"
)

// What a bubble needs first belongs to nobody's bubble: the bubble ends although the goroutine does
// not.
func TestSpawnOutsideBubble(t *testing.T) {
	started, end := make(chan bool), make(chan bool)
	defer close(end)
	synctest.Test(t, func(t *testing.T) {
		spawnOutsideBubbles(func() {
			started <- true
			<-end
		})
		<-started
	})
}

// A ring that is first needed in a bubble serves there and afterwards, and does not keep the bubble
// from ending.
func TestRingBornInBubble(t *testing.T) {
	needRings(t)
	w := &worker{patience: patience}
	for range 2 {
		synctest.Test(t, func(t *testing.T) {
			a, b := socketPair(t)
			for w.ensureRing(); !w.hasRing(); w.ensureRing() {
				if w.nextTry.Load() != 0 {
					t.Fatal("there is no ring to be had")
				}
			}
			buf := make([]byte, 1)
			for range 100 {
				o := newOp()
				o.recv(w, b, buf)
				write(t, a, "x")
				if r := o.await(t); r.N != 1 {
					t.Fatalf("%+v", r)
				}
				newPlayer().await(t, w)
			}
		})
	}
}
