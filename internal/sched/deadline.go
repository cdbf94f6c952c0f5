//go:build linux

package sched

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ErrClosed interrupts an operation whose socket is being closed.
var ErrClosed = errors.New("use of closed socket")

// ErrUnwatchable says that the runtime's poller cannot wait for a socket any more; see Watch.
var ErrUnwatchable = errors.New("not pollable")

// ErrPoked interrupts an operation once; see Deadline.Poke.
var ErrPoked = errors.New("poked")

// The states of a Deadline.
const (
	dlPending uint32 = iota // not set, or in the future
	dlExpired               // Set with another time -> pending
	dlClosed                // for good
)

// Deadline interrupts one direction of a socket: when its time comes, or when the socket closes. Any goroutine
// may call its methods; none of them waits for I/O. Init must be called first.
type Deadline struct {
	fut *Future

	// state is stored before fut is notified and loaded before it is waited for; see Future.
	state atomic.Uint32
	poked atomic.Bool

	// mu guards the fields below and the changes of state.
	mu    sync.Mutex
	due   time.Time // when timer counts; zero if none is set
	timer *time.Timer
}

// Init names the future whose waiter is to be interrupted.
func (d *Deadline) Init(f *Future) { d.fut = f }

// interruption is Err, or ErrPoked, which it takes.
func (d *Deadline) interruption() error {
	if err := d.Err(); err != nil {
		return err
	}
	if d.poked.Load() && d.poked.Swap(false) {
		return ErrPoked
	}
	return nil
}

// Err is os.ErrDeadlineExceeded, ErrClosed, or nil.
func (d *Deadline) Err() error {
	switch d.state.Load() {
	case dlExpired:
		return os.ErrDeadlineExceeded
	case dlClosed:
		return ErrClosed
	}
	return nil
}

// Closed reports whether Close was called.
func (d *Deadline) Closed() bool { return d.state.Load() == dlClosed }

// Set moves the deadline to t; the zero time clears it. A time in the past interrupts at once. It
// reports false if Close was called.
func (d *Deadline) Set(t time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Closed() {
		return false
	}
	if t.IsZero() {
		d.stop()
		d.state.Store(dlPending)
		return true
	}
	now := time.Now()
	left := t.Sub(now)
	if left <= 0 {
		d.stop()
		d.state.Store(dlExpired)
		d.fut.Notify()
		return true
	}
	d.state.Store(dlPending)
	d.due = now.Add(left)
	if d.timer == nil {
		d.timer = time.AfterFunc(left, d.expire)
	} else {
		d.timer.Reset(left)
	}
	return true
}

// expire runs when the timer fires, perhaps after the deadline was moved.
func (d *Deadline) expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.due.IsZero() || time.Now().Before(d.due) || d.Closed() {
		return
	}
	d.due = time.Time{}
	d.state.Store(dlExpired)
	d.fut.Notify()
}

// Poke interrupts once, with ErrPoked, so that whoever waits looks at its own conditions again. A poke that finds nobody waiting
// interrupts the next wait.
func (d *Deadline) Poke() {
	d.poked.Store(true)
	d.fut.Notify()
}

// Close interrupts for good. Nobody is woken by one of several before all of them are closed.
func Close(ds ...*Deadline) {
	for _, d := range ds {
		d.mu.Lock()
		d.stop()
		d.state.Store(dlClosed)
		d.mu.Unlock()
	}
	for _, d := range ds {
		d.fut.Notify()
	}
}

func (d *Deadline) stop() {
	if !d.due.IsZero() {
		d.timer.Stop()
		d.due = time.Time{}
	}
}
