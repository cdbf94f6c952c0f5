package uringnet

import (
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/uringnet/uringnet/internal/sched"
)

const (
	// maxRW bounds one system call, as in package net: some systems fail on more.
	maxRW = 1 << 30

	// A Read that brought bulkGot bytes or more is taken for one of a stream.
	bulkGot = 16 << 10
)

// receive is the reading state of a socket; the holder of rd.mu owns it.
//
// A Read tries at once what may succeed at once: after it let others have their turn, in a crowd,
// or when the last one left something. If there is nothing it waits, in one of two places: in the
// runtime's poller, and then tries again; or on a ring, which receives for it. It does not return
// before the receive on the ring is done, so that nothing leaves the socket that no Read waits for.
type receive struct {
	nonEmpty bool // the last receive left something in the socket
	bulk     bool // the last Read brought bulkGot bytes or more

	// leftRing is set for good once a receive on a ring had to be cancelled, which costs two system
	// calls: as a rule it happens again, for each request. In the poller it costs none.
	leftRing bool

	pace sched.Pace
	op   sched.Op // the receive on a ring
}

// Read is that of net.Conn.
func (s *socket) Read(p []byte) (int, error) {
	n, err := s.read(p)
	if err != nil && err != io.EOF {
		err = s.opError("read", err)
	}
	return n, err
}

func (s *socket) read(p []byte) (int, error) {
	s.rd.mu.Lock()
	defer s.rd.mu.Unlock()
	if len(p) == 0 {
		if s.rd.side.Closed() {
			return 0, sched.ErrClosed
		}
		return 0, nil
	}
	if err := s.rd.side.Prepare(); err != nil {
		return 0, err
	}
	if !s.packets {
		p = p[:min(len(p), maxRW)]
	}
	n, err := s.receiveSome(p)
	s.noteRead(n)
	raceRead(s.fd)
	return n, err
}

// noteRead remembers what the last read of n bytes says of the connection. rd.mu is held.
func (s *socket) noteRead(n int) {
	rc := &s.receive
	if rc.bulk = n >= bulkGot; rc.bulk && s.answered.Load() {
		s.answered.Store(false)
	}
	if alone := rc.pace.Alone(); alone != s.alone.Load() {
		s.alone.Store(alone)
	}
}

// receiveSome receives what there is, at once, when the others have had their turn, or when there
// is something.
func (s *socket) receiveSome(p []byte) (int, error) {
	n, tried, err := s.receiveWithoutWaiting(p)
	for err == syscall.EAGAIN {
		switch {
		case s.waitsOnRing():
			n, err = s.receiveOnRing(p)
			tried = false
		case !tried:
			n, err = s.receiveNow(p)
			tried = true
		default:
			if err := s.awaitReadable(); err != nil {
				return 0, err
			}
			n, err = s.receiveNow(p)
		}
	}
	return n, err
}

// receiveWithoutWaiting receives what is there, if something is likely to be. Its error is EAGAIN
// if it got nothing, and tried is set if it has seen that there is nothing.
func (s *socket) receiveWithoutWaiting(p []byte) (n int, tried bool, err error) {
	rc := &s.receive
	if rc.nonEmpty {
		if n, err := s.receiveNow(p); err != syscall.EAGAIN {
			return n, true, err
		}
		tried = true
	}
	if s.inStream() {
		return 0, tried, syscall.EAGAIN
	}
	switch had, interrupted := rc.pace.AwaitTurn(&s.poll.In); {
	case interrupted == sched.ErrClosed:
		return 0, tried, interrupted
	case had:
		n, err = s.receiveNow(p)
		if err == syscall.EAGAIN && interrupted != nil {
			// What is there beats a deadline that passes while others have their turn.
			err = interrupted
		} else {
			rc.pace.TurnEnded(err != syscall.EAGAIN)
		}
		return n, true, err
	case !tried && !s.waitsOnRing() && rc.pace.LetOthers():
		n, err = s.receiveNow(p)
		if err != syscall.EAGAIN {
			rc.pace.Note(sched.ByLuck)
		}
		return n, true, err
	}
	return 0, tried, syscall.EAGAIN
}

// waitsOnRing reports whether the next receive waits on a ring, where it shares its system calls
// with others, rather than in the runtime's poller, which hands the goroutine straight to the
// scheduler. After a large one it does not: what a ring receives for many connections at once has
// left the cache when their goroutines come to it. Nor does it where it may have to be interrupted.
func (s *socket) waitsOnRing() bool {
	rc := &s.receive
	return !rc.leftRing && !rc.bulk && !s.rd.side.Timed() && rc.pace.OnRing()
}

// inStream reports whether the last Read was a large one and nothing was written since: more of the
// same is to come, from whoever sends, and not an answer.
func (s *socket) inStream() bool { return s.receive.bulk && !s.answered.Load() }

// receiveNow receives without waiting. Its error is a bare EAGAIN if there is nothing.
func (s *socket) receiveNow(p []byte) (int, error) {
	for {
		n, errno := recvNow(s.fd, p)
		s.receive.nonEmpty = errno == 0 && n == len(p)
		switch errno {
		case 0:
			return endOfFile(n)
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, errno
		default:
			return 0, os.NewSyscallError("read", errno)
		}
	}
}

// receiveOnRing waits on a ring for a receive. Its error is EAGAIN if it has to be tried again,
// perhaps in the poller.
func (s *socket) receiveOnRing(p []byte) (int, error) {
	rc := &s.receive
	rc.op.Recv(s.fd, p)
	interrupted := rc.op.Await(s.rd.side)
	if interrupted != nil {
		rc.op.CancelAndAwait()
		rc.leftRing = true
	}
	rc.pace.Note(sched.OnRing)
	switch r := rc.op.Take(); r.Errno {
	case 0: // bytes that have come beat the interruption
		rc.nonEmpty = r.NonEmpty
		return endOfFile(r.N)
	case syscall.ECANCELED, syscall.EINTR, syscall.EAGAIN:
		// Without an interruption: the kernel cancels what a thread has armed when that thread
		// ends.
		if errors.Is(interrupted, os.ErrDeadlineExceeded) || interrupted == sched.ErrClosed {
			return 0, interrupted
		}
		return 0, syscall.EAGAIN
	default:
		return 0, os.NewSyscallError("read", r.Errno)
	}
}

// awaitReadable parks until the socket, which was empty, may have something to read. rd.mu is held.
func (s *socket) awaitReadable() error {
	if err := s.rd.side.WaitReady(); err != nil {
		return err
	}
	if s.inStream() {
		s.receive.pace.Note(sched.InStream)
	} else {
		s.receive.pace.Note(sched.InPoller)
	}
	return nil
}

// endOfFile is what a successful receive of n bytes returns.
func endOfFile(n int) (int, error) {
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
