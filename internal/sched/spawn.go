//go:build linux

package sched

import (
	"math"
	"slices"
	"sync"
	"time"
)

// A goroutine belongs to the testing/synctest bubble of the one that starts it, and keeps the
// bubble from ending. The goroutines of rings outlive what needed them first. So they are
// started by a timer that was made before there could be a bubble: its function runs in none.
var toSpawn struct {
	timer *time.Timer

	// mu guards pending: what is to run in a goroutine of its own.
	mu      sync.Mutex
	pending []func()
}

func init() {
	toSpawn.timer = time.AfterFunc(math.MaxInt64, startPending)
	toSpawn.timer.Stop()
}

// spawnOutsideBubbles runs f in a goroutine that belongs to no bubble, soon.
func spawnOutsideBubbles(f func()) {
	toSpawn.mu.Lock()
	toSpawn.pending = append(toSpawn.pending, f)
	toSpawn.mu.Unlock()
	resetTimer(toSpawn.timer, nanotime(), 0)
}

// OutsideBubbles runs f in a goroutine that belongs to no bubble, soon.
func OutsideBubbles(f func()) { outside.Spawn(f) }

// startPending is what the timer calls.
func startPending() {
	toSpawn.mu.Lock()
	n := len(toSpawn.pending)
	toSpawn.mu.Unlock()
	for range n {
		go begin()
	}
}

// begin is the first function of each goroutine of ours: `uringnet go` has a name of its own for
// it. It runs what is pending, if another has not taken that.
func begin() {
	toSpawn.mu.Lock()
	var f func()
	if len(toSpawn.pending) > 0 {
		f = toSpawn.pending[0]
		toSpawn.pending = slices.Delete(toSpawn.pending, 0, 1)
	}
	toSpawn.mu.Unlock()
	if f != nil {
		f()
	}
}
