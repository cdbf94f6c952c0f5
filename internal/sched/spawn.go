//go:build linux

package sched

import (
	"math"
	"sync"
	"time"
)

// A goroutine belongs to the testing/synctest bubble of the one that starts it, and keeps the
// bubble from ending. The goroutines of rings outlive whoever needed them first. So they are
// started by a timer that was made before there could be a bubble: its function runs in none.
var births struct {
	timer *time.Timer

	// mu guards pending: what is to run in a goroutine of its own.
	mu      sync.Mutex
	pending []func()
}

func init() {
	births.timer = time.AfterFunc(math.MaxInt64, deliver)
	births.timer.Stop()
}

// spawn runs f in a goroutine that belongs to nobody's bubble, soon.
func spawn(f func()) {
	births.mu.Lock()
	births.pending = append(births.pending, f)
	births.mu.Unlock()
	resetTimer(births.timer, nanotime(), 0)
}

func deliver() {
	births.mu.Lock()
	pending := births.pending
	births.pending = nil
	births.mu.Unlock()
	for _, f := range pending {
		go f()
	}
}
