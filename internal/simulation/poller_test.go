//go:build linux

package simulation

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
)

// pollDesc is a descriptor of the poller, with the rules of the runtime's: it tells of each edge
// once, and what has become ready is remembered until it is asked for or reset.
type pollDesc struct {
	w    *world
	fd   int
	what watched

	closing     bool // unblocked, for good
	closed      bool
	pendingEdge bool // to be told of, if it is still ready then
	sides       [2]pollSide
}

// watched is a kind of file.
type watched int

const (
	aSocket watched = iota
	aRing
	anEventfd // which a flusher without a ring writes to
)

// pollSide is one direction of a descriptor.
type pollSide struct {
	ready    bool
	waiter   chan struct{} // nil if nobody waits
	woken    bool          // the waiter was woken by readiness
	deadline int           // on the clock; 0 for none, -1 if it has passed
}

// Codes of the runtime's poller.
const (
	noError    = 0
	errClosing = 1
	errTimeout = 2
)

func (w *world) poller() sched.Poller {
	return sched.Poller{
		Open: w.pollOpen, Close: w.pollClose, Reset: w.pollReset,
		Wait: w.pollWait, SetDeadline: w.pollSetDeadline, Unblock: w.pollUnblock,
	}
}

func (w *world) pollOpen(fd uintptr) (uintptr, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := &pollDesc{w: w, fd: int(fd)}
	switch {
	case d.fd >= fakeFD:
		d.what = aRing
	case w.connOf(d.fd) == nil:
		d.what = anEventfd
	default:
		d.pendingEdge = true // epoll tells of what is ready when it is asked to watch
	}
	w.descs = append(w.descs, d)
	if w.ending {
		w.mu.Unlock()
		defer w.mu.Lock()
		runtime.Goexit()
	}
	return uintptr(len(w.descs)), 0
}

// desc is the descriptor with a number, which is open. mu is held.
func (w *world) desc(pd uintptr) *pollDesc {
	d := w.descs[pd-1]
	if d.closed {
		w.failf("a descriptor of the poller is used after it was closed")
	}
	return d
}

func (w *world) pollClose(pd uintptr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.desc(pd)
	if !d.closing || d.sides[0].waiter != nil || d.sides[1].waiter != nil {
		w.failf("a descriptor of the poller is closed in spite of those that wait")
	}
	d.closed = true
}

func (w *world) pollReset(pd uintptr, mode int) int {
	w.pause("before reset")
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.desc(pd)
	s := d.side(mode)
	if code := d.code(s); code != noError {
		return code
	}
	s.ready = false
	return noError
}

func (w *world) pollWait(pd uintptr, mode int) int {
	w.pause("before wait")
	code := w.park(pd, mode)
	w.pause("after wait")
	return code
}

func (w *world) park(pd uintptr, mode int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.desc(pd)
	s := d.side(mode)
	if code := d.code(s); code != noError {
		return code
	}
	for !s.ready {
		if s.waiter != nil {
			w.failf("two goroutines wait in one direction of a descriptor")
			return errClosing
		}
		waiter := make(chan struct{})
		s.waiter, s.woken = waiter, false
		if d.what == anEventfd {
			d.pendingEdge = true
		}
		w.mu.Unlock()
		<-waiter
		w.mu.Lock()
		switch code := d.code(s); {
		case w.ending:
			runtime.Goexit()
		case s.woken:
			return noError
		case code != noError:
			return code
		}
	}
	s.ready = false
	return noError
}

func (w *world) pollSetDeadline(pd uintptr, nanoseconds int64, mode int) {
	w.pause("before a deadline is set")
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.desc(pd)
	if d.closing {
		return
	}
	deadline := 0
	switch {
	case nanoseconds < 0:
		deadline = -1
	case nanoseconds > 0:
		deadline = w.clock + int((time.Duration(nanoseconds)+clockStep-1)/clockStep)
	}
	for i, of := range []bool{mode == 'r' || mode == 'r'+'w', mode == 'w' || mode == 'r'+'w'} {
		if of {
			s := &d.sides[i]
			s.deadline = deadline
			if deadline < 0 {
				s.wake(false)
			}
		}
	}
}

func (w *world) pollUnblock(pd uintptr) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.desc(pd)
	d.closing = true
	d.release()
}

// release wakes all that wait. mu is held.
func (d *pollDesc) release() {
	for i := range d.sides {
		d.sides[i].wake(false)
	}
}

func (d *pollDesc) side(mode int) *pollSide {
	if mode == 'w' {
		return &d.sides[1]
	}
	return &d.sides[0]
}

// code says what forbids to wait.
func (d *pollDesc) code(s *pollSide) int {
	switch {
	case d.closing:
		return errClosing
	case s.deadline < 0:
		return errTimeout
	}
	return noError
}

// wake wakes the goroutine that waits, if there is one, and reports whether there was.
func (s *pollSide) wake(ready bool) bool {
	if s.waiter == nil {
		return false
	}
	s.woken = ready
	close(s.waiter)
	s.waiter = nil
	return true
}

// pending lists what may happen next. mu is held.
func (d *pollDesc) pending(i, clock int, events *[]event) {
	if d.closing {
		return
	}
	if d.pendingEdge {
		*events = append(*events, event{edge, i, 0})
	}
	for j := range d.sides {
		if at := d.sides[j].deadline; at > 0 && at <= clock {
			*events = append(*events, event{timer, i, j})
		}
	}
}

// tell tells of what is ready now. mu is held.
func (d *pollDesc) tell() {
	d.pendingEdge = false
	for i, ready := range d.readyNow() {
		if s := &d.sides[i]; ready && !s.wake(true) {
			s.ready = true
		}
	}
}

func (d *pollDesc) readyNow() [2]bool {
	switch d.what {
	case aRing:
		return [2]bool{d.w.rings[d.fd-fakeFD].readable(), false}
	case anEventfd:
		return [2]bool{true, false}
	}
	if d.w.fault(d.w.plan.faults.Spurious, 2) {
		return [2]bool{true, true}
	}
	events := poll(d.fd)
	const always = unix.POLLHUP | unix.POLLERR
	return [2]bool{events&(unix.POLLIN|unix.POLLRDHUP|always) != 0, events&(unix.POLLOUT|always) != 0}
}

// expire lets the deadline of a direction pass. mu is held.
func (d *pollDesc) expire(side int) {
	s := &d.sides[side]
	s.deadline = -1
	s.wake(false)
}

// closeRest closes what package sched never closes.
func (d *pollDesc) closeRest() {
	if d.what == anEventfd {
		unix.Close(d.fd)
	}
}

// poll is a poll(2) that does not wait.
func poll(fd int) int16 {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLOUT | unix.POLLRDHUP}}
	if _, err := unix.Poll(fds, 0); err != nil {
		return 0
	}
	return fds[0].Revents
}
