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

// The states of a Deadline. Set goes from none to expired and back without a lock, since net/http does both for each request. All else
// happens under mu: to and from timed, and to closed.
const (
	dlNone    uint32 = iota // no time is set
	dlTimed                 // due is set, and the timer runs; expire, or Set or Close -> any other
	dlExpired               // Set with another time -> none or timed
	dlClosed                // for good
)

// Deadline interrupts one direction of a socket: when its time comes, or when the socket closes. Any goroutine
// may call its methods; none of them waits for I/O. Init must be called first.
type Deadline struct {
	fut *Future

	// state is stored before fut is notified and loaded before it is waited for; see Future.
	state atomic.Uint32
	poked atomic.Bool

	// mu guards the fields below.
	mu    sync.Mutex
	due   time.Time // when timer counts; zero unless timed
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
	if t.IsZero() && d.untimed(dlNone) || longPast(t) && d.untimed(dlExpired) {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Closed() {
		return false
	}
	if t.IsZero() {
		d.stop()
		d.state.Store(dlNone)
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
	d.due = now.Add(left)
	if d.timer == nil {
		d.timer = time.AfterFunc(left, d.expire)
	} else {
		d.timer.Reset(left)
	}
	d.state.Store(dlTimed)
	return true
}

// longPast reports whether t is over without looking at the clock: time.Unix(1, 0) is what net and net/http use to interrupt.
func longPast(t time.Time) bool { return !t.IsZero() && t.Unix() <= 1 }

// untimed sets state to dlNone or dlExpired, unless it is neither of them.
func (d *Deadline) untimed(to uint32) bool {
	for {
		switch s := d.state.Load(); {
		case s == to:
			return true
		case s != dlNone && s != dlExpired:
			return false
		case d.state.CompareAndSwap(s, to):
			if to == dlExpired {
				d.fut.Notify()
			}
			return true
		}
	}
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
