//go:build linux

package sched

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrClosed interrupts a call whose socket is being closed.
var ErrClosed = errors.New("use of closed socket")

// errTimed makes a receive leave its ring: a deadline was set, and those are the poller's.
var errTimed = errors.New("a deadline is set")

// PollDesc is the place of a socket in the runtime's poller, which watches the sockets of package
// net in the same way.
//
//	unopened  The poller does not know the socket. The first wait, or the first deadline in the
//	          future, opens it -> open.
//	open      The poller remembers what becomes ready, and hands the goroutine that waits to the
//	          scheduler itself. Evict -> evicted, also from unopened.
//	evicted   The goroutines that waited were woken, and none waits any more. Close ends it.
//
// It is opened so late because a connection of one request may never wait.
//
// The poller is edge-triggered: it tells of what becomes ready once. A call that may wait begins
// with Prepare, which forgets old news; it tries, and waits only after it has seen EAGAIN since
// then.
type PollDesc struct {
	In, Out PollSide

	fd int

	// pd is the runtime's descriptor, or 0. It is stored under mu, and loaded by the owners of the
	// sides.
	pd atomic.Uintptr

	// mu guards the changes of pd and of deadlines: an interruption that arrives late must not meet
	// a descriptor that the runtime uses for another socket by then. Nothing that waits is called
	// under it.
	mu      sync.Mutex
	evicted bool
}

// PollSide is one direction of a socket: what its calls wait for, and what interrupts them. At most
// one goroutine at a time, its owner, waits; any goroutine may call SetDeadline.
type PollSide struct {
	desc *PollDesc
	mode int32 // 'r' or 'w', for the runtime

	// state is one of those below. The goroutine that stores it interrupts the owner afterwards;
	// the owner loads it after it has said where it waits: in waiting, or in fut.
	state atomic.Uint32

	// waiting is set while the owner waits, or is about to wait, in the poller.
	waiting atomic.Bool

	// fut is where the owner waits for a ring, or for its turn.
	fut Future
}

// The states of a PollSide's deadline. A call for each request changes it from untimed to expired
// and back, as net/http does to end its background read; that takes no lock. All other changes are
// made under PollDesc.mu.
const (
	untimed uint32 = iota // No deadline is set.
	timed                 // The runtime counts down; its descriptor tells whether time is up.
	expired               // The deadline was over when it was set.
	closed                // For good.
)

// Codes of the runtime's poller, see runtime/netpoll.go.
const (
	pollNoError    = 0
	pollErrClosing = 1
	pollErrTimeout = 2
)

// Init names the file descriptor, which stays valid until Close.
func (p *PollDesc) Init(fd int) {
	p.fd = fd
	p.In.desc, p.In.mode = p, 'r'
	p.Out.desc, p.Out.mode = p, 'w'
}

// Watch has the poller watch the socket, as the first WaitReady does. Its error is ErrClosed, or
// that of epoll_ctl(2).
//
// It needs more stack than the wait does, and the goroutine keeps that. So a caller whose stack is
// to stay small calls it before, from a function that is less deep.
func (p *PollDesc) Watch() error {
	_, err := p.open()
	return err
}

func (p *PollDesc) open() (pd uintptr, err error) {
	if pd := p.pd.Load(); pd != 0 {
		return pd, nil
	}
	p.mu.Lock()
	pd, err = p.openLocked()
	p.mu.Unlock() // a defer would take stack
	return pd, err
}

// openLocked is open with mu held.
func (p *PollDesc) openLocked() (pd uintptr, err error) {
	if pd := p.pd.Load(); pd != 0 {
		return pd, nil
	}
	if p.evicted {
		return 0, ErrClosed
	}
	pd, errno := outside.Poller.Open(uintptr(p.fd))
	if errno != 0 {
		return 0, os.NewSyscallError("epoll_ctl", syscall.Errno(errno))
	}
	p.pd.Store(pd)
	return pd, nil
}

// Evict makes all calls, those that wait and those to come, fail with ErrClosed. No goroutine is
// woken before both sides are closed.
func (p *PollDesc) Evict() {
	p.mu.Lock()
	p.evicted = true
	p.In.state.Store(closed)
	p.Out.state.Store(closed)
	if pd := p.pd.Load(); pd != 0 {
		outside.Poller.Unblock(pd)
	}
	p.mu.Unlock()
	p.In.fut.Notify()
	p.Out.fut.Notify()
}

// Close ends the watching. It comes after Evict, when both owners have left.
func (p *PollDesc) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pd := p.pd.Swap(0); pd != 0 {
		outside.Poller.Close(pd)
	}
}

// Closed reports whether Evict was called.
func (s *PollSide) Closed() bool { return s.state.Load() == closed }

// interruption is ErrClosed, os.ErrDeadlineExceeded if the deadline was over when it was set, or
// nil. A deadline that the runtime counts down interrupts only a wait in its poller.
func (s *PollSide) interruption() error {
	switch s.state.Load() {
	case closed:
		return ErrClosed
	case expired:
		return os.ErrDeadlineExceeded
	}
	return nil
}

// mustLeaveRing is interruption, or errTimed if the owner has to wait in the poller.
func (s *PollSide) mustLeaveRing() error {
	if s.state.Load() == timed {
		return errTimed
	}
	return s.interruption()
}

// Untimed reports whether nothing is known that would interrupt a call: no deadline, no Close.
func (s *PollSide) Untimed() bool { return s.state.Load() == untimed }

func (s *PollSide) isTimed() bool { return s.state.Load() == timed }

// Prepare begins a call: it forgets what became ready until now, and returns what forbids the call:
// ErrClosed or os.ErrDeadlineExceeded. The owner calls it.
func (s *PollSide) Prepare() error {
	for {
		if err := s.interruption(); err != nil {
			return err
		}
		pd := s.desc.pd.Load()
		if pd == 0 {
			return nil
		}
		// An interruption that was cleared is still in the descriptor. A timeout counts only if the
		// state was timed before the runtime was asked: a deadline in the future may come between.
		wasTimed := s.isTimed()
		if outside.Poller.Reset(pd, int(s.mode)) != pollErrTimeout {
			return nil
		}
		if wasTimed && s.isTimed() {
			return os.ErrDeadlineExceeded
		}
		s.forgetInterruption()
	}
}

// WaitReady parks in the poller until the socket may be ready, or fails with ErrClosed,
// os.ErrDeadlineExceeded, or what keeps the poller from watching it. The owner calls it after it
// has seen EAGAIN since Prepare.
func (s *PollSide) WaitReady() error {
	pd, err := s.desc.open()
	if err != nil {
		return err
	}
	for {
		s.waiting.Store(true)
		if err := s.interruption(); err != nil {
			s.waiting.Store(false)
			return err
		}
		wasTimed := s.isTimed() // before the runtime is asked, as in Prepare
		region := beginRegion(inPollerRegion)
		code := outside.Poller.Wait(pd, int(s.mode))
		endRegion(region)
		keepSysmonAwake()
		s.waiting.Store(false)
		switch code {
		case pollNoError:
			return nil
		case pollErrClosing:
			return ErrClosed
		case pollErrTimeout:
			if wasTimed && s.isTimed() {
				return os.ErrDeadlineExceeded
			}
			s.forgetInterruption() // perhaps one of an earlier wait; if not, the state tells
		default:
			return os.NewSyscallError("epoll_wait", syscall.EINVAL)
		}
	}
}

// forgetInterruption makes the runtime's descriptor usable after an interruption that is over.
func (s *PollSide) forgetInterruption() {
	p := s.desc
	p.mu.Lock()
	defer p.mu.Unlock()
	if pd := p.pd.Load(); pd != 0 && s.state.Load() == untimed {
		outside.Poller.SetDeadline(pd, 0, int(s.mode))
	}
}

// past is a deadline that is over, for the runtime.
const past = -1

// SetDeadline moves the deadline to t; the zero time clears it. A time that is over interrupts at
// once. The error is ErrClosed, or what keeps the poller from watching the socket.
func (s *PollSide) SetDeadline(t time.Time) error {
	switch {
	case t.IsZero():
		if s.changeUntimed(untimed) {
			return nil
		}
	case longPast(t):
		if s.changeUntimed(expired) {
			s.interrupt()
			return nil
		}
	}
	return s.desc.setDeadline(t, int(s.mode), s)
}

// SetDeadline is that of both sides. It costs the runtime one timer.
func (p *PollDesc) SetDeadline(t time.Time) error {
	switch {
	case t.IsZero():
		if p.In.changeUntimed(untimed) && p.Out.changeUntimed(untimed) {
			return nil
		}
	case longPast(t):
		if p.In.changeUntimed(expired) && p.Out.changeUntimed(expired) {
			p.In.interrupt()
			p.Out.interrupt()
			return nil
		}
	}
	return p.setDeadline(t, 'r'+'w', &p.In, &p.Out)
}

// longPast reports whether t is over, without a look at the clock: time.Unix(1, 0) is what net and
// net/http use to interrupt.
func longPast(t time.Time) bool { return t.Unix() <= 1 }

// changeUntimed sets the state, which must be untimed or expired, to one of these, and reports
// whether it was.
func (s *PollSide) changeUntimed(to uint32) bool {
	for {
		switch was := s.state.Load(); {
		case was == to:
			return true
		case was != untimed && was != expired:
			return false
		case s.state.CompareAndSwap(was, to):
			return true
		}
	}
}

// interrupt wakes the owner, if it waits, after expired was stored.
func (s *PollSide) interrupt() {
	s.fut.Notify()
	if !s.waiting.Load() {
		return
	}
	p := s.desc
	p.mu.Lock()
	defer p.mu.Unlock()
	if pd := p.pd.Load(); pd != 0 && s.state.Load() == expired {
		outside.Poller.SetDeadline(pd, past, int(s.mode))
	}
}

// setDeadline sets the deadline of some sides, which mode names to the runtime. The runtime is
// given how much time is left, by whichever clock t is of: so a deadline that is set in a
// testing/synctest bubble counts down by the real clock, as package net's does.
func (p *PollDesc) setDeadline(t time.Time, mode int, sides ...*PollSide) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.evicted {
		return ErrClosed
	}
	left, to := time.Duration(0), untimed
	if !t.IsZero() {
		if left, to = time.Until(t), timed; left <= 0 {
			left, to = past, expired
		}
	}
	pd := p.pd.Load()
	if pd == 0 && to == timed {
		var err error
		if pd, err = p.openLocked(); err != nil {
			return err
		}
	}
	// The descriptor first: an owner that finds timed believes what it says.
	if pd != 0 {
		outside.Poller.SetDeadline(pd, int64(left), mode)
	}
	for _, s := range sides {
		s.state.Store(to)
		if to != untimed {
			s.fut.Notify()
		}
	}
	return nil
}
