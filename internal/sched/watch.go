//go:build linux

package sched

import (
	"sync"
	"sync/atomic"
)

// Watch has the runtime's poller watch a socket, as it watches those of package net, so that a call can wait until the socket is
// ready without a request on a ring.
//
//	closed  pd is 0. A side opens it -> open.
//	open    the poller remembers what becomes ready, and hands the goroutine that waits to the scheduler itself. The owner of In
//	        closes it, unless it is pinned by the owner of Out; so does the Close of the socket, which owns both -> closed.
//
// The poller is edge-triggered: who is to wait must have seen EAGAIN since it last waited.
type Watch struct {
	// pd is the runtime's descriptor, or 0. It is changed under mu; its owners load it.
	pd atomic.Uintptr

	In, Out Side

	// mu guards the changes of pd, against an interruption that arrives late (the runtime would have pd in use for another
	// descriptor), and the fields below.
	mu     sync.Mutex
	pinned bool // the owner of Out may be waiting
	left   bool // the owner of In has closed it and waits on a ring

	// refused is set for good where the poller does not take the socket, or is not to be asked. Whoever finds it unset
	// looks again under mu.
	refused atomic.Bool
}

// Side is one direction of a Watch. Only one goroutine at a time, its owner, waits in it.
type Side struct {
	watch *Watch
	mode  int

	// waiting is stored by the owner before it looks for a notification of its future. Future.Notify loads it after it stored
	// one. So one of the two sees the other.
	waiting atomic.Bool
}

// Init names the futures whose notifications interrupt the sides.
func (w *Watch) Init(in, out *Future) {
	w.refused.Store(waitPolicy.Load() == waitOnRing || Polled())
	w.In.watch, w.In.mode, in.side = w, 'r', &w.In
	w.Out.watch, w.Out.mode, out.side = w, 'w', &w.Out
}

// errors of the runtime's poller, see internal/poll/fd_poll_runtime.go.
const pollErrTimeout = 2

// Usable reports whether the poller may be asked to watch the socket.
func (w *Watch) Usable() bool { return !w.refused.Load() }

// Opened reports whether the poller watches the socket. The owner of In asks.
func (w *Watch) Opened() bool { return w.pd.Load() != 0 }

// Open has the poller watch fd, and reports whether it does. The owner of In calls it.
func (w *Watch) Open(fd int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = false
	return w.open(fd)
}

// Pin is Open for the owner of Out, until Unpin; it does not open what the owner of In has left.
func (w *Watch) Pin(fd int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refused.Load() || w.left && w.pd.Load() == 0 {
		return false
	}
	w.pinned = w.open(fd)
	return w.pinned
}

// Unpin ends what Pin began.
func (w *Watch) Unpin() {
	w.mu.Lock()
	w.pinned = false
	w.mu.Unlock()
}

// open is called with mu held.
func (w *Watch) open(fd int) bool {
	if w.pd.Load() != 0 {
		return true
	}
	if w.refused.Load() {
		return false
	}
	pd, errno := pollOpen(uintptr(fd))
	if errno != 0 {
		w.refused.Store(true)
		return false
	}
	w.pd.Store(pd)
	return true
}

// Close ends the watching, unless the Watch is pinned. The owner of In calls it.
func (w *Watch) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = true
	if pd := w.pd.Load(); pd != 0 && !w.pinned {
		w.pd.Store(0)
		pollUnblock(pd)
		pollClose(pd)
	}
}

// Refuse says that the socket is not to be watched from now on.
func (w *Watch) Refuse() { w.refused.Store(true) }

// Reset forgets what became ready until now. What comes after ends the next Await.
func (s *Side) Reset() { pollReset(s.watch.pd.Load(), s.mode) }

// Await parks until the socket may be ready, or until d interrupts: then the error is d's. The Watch is open.
func (s *Side) Await(d *Deadline) error {
	for {
		if err := d.interruption(); err != nil {
			return err
		}
		s.waiting.Store(true)
		if d.fut.take() {
			s.waiting.Store(false)
			continue
		}
		code := pollWait(s.watch.pd.Load(), s.mode)
		stir()
		s.waiting.Store(false)
		d.fut.take()
		switch code {
		case 0:
			return nil
		case pollErrTimeout:
			pollSetDeadline(s.watch.pd.Load(), 0, s.mode) // an interruption, perhaps of an earlier wait
		default:
			return ErrUnwatchable
		}
	}
}

// interrupt makes the owner, if it waits, look again. It is called when a notification has been stored.
func (s *Side) interrupt() {
	if s == nil || !s.waiting.Load() {
		return
	}
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if pd := s.watch.pd.Load(); pd != 0 {
		const past = -1
		pollSetDeadline(pd, past, s.mode)
	}
}
