//go:build linux && (uringnet_nolinkname || race)

package sched

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Future is a parking place for one goroutine that remembers one notification. The zero Future is ready to use.
// This is the variant in plain Go of park_unsafe.go.
type Future struct {
	once sync.Once
	c    chan struct{} // capacity 1: full means notified
	side *Side         // where else its owner may wait, or nil; see Side
}

func (f *Future) channel() chan struct{} {
	f.once.Do(func() { f.c = make(chan struct{}, 1) })
	return f.c
}

// Wait parks until Notify is called, or returns at once if it was called since the last Wait. One
// goroutine at a time may wait.
func (f *Future) Wait() { <-f.channel() }

// Notify wakes the waiting goroutine, or lets the next Wait return at once. Any goroutine may call it.
func (f *Future) Notify() {
	select {
	case f.channel() <- struct{}{}:
		f.side.interrupt()
	default:
	}
}

// take consumes a notification, if there is one, and reports whether there was.
func (f *Future) take() bool {
	select {
	case <-f.channel():
		return true
	default:
		return false
	}
}

// yield lets other runnable goroutines go first.
func yield() { runtime.Gosched() }

// affinity keeps a number per P: a sync.Pool prefers what was put back on the same P.
var affinity = sync.Pool{New: func() any { return &lastP{n: int(nextP.Add(1)-1) % runtime.GOMAXPROCS(0)} }}

type lastP struct{ n int }

var nextP atomic.Uint32

// currentP is a number below GOMAXPROCS that goroutines on one P mostly share.
func currentP() int {
	p := affinity.Get().(*lastP)
	n := p.n
	affinity.Put(p)
	return n
}
