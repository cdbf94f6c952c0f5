//go:build linux

package socket

import (
	"errors"
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

// receive is the reading state of a connection; the goroutine that holds rd.mu owns it.
type receive struct {
	nonEmpty bool // the last receive left something in the socket
	bulk     bool // the last Read brought bulkGot bytes or more

	// leftRing is set for good once a receive on a ring had to be cancelled, which costs a system
	// call: as a rule it happens again, for each request. In the poller it costs none.
	leftRing bool

	placement sched.Placement
	op        sched.Op // the receive on a ring
}

// Read receives up to len(p) bytes, at least one unless p is empty. It returns io.EOF at the end of
// the stream.
//
// An idle connection is little more than the stack that it waits on. So what waits is called from
// here, and what tries is in functions of its own.
func (c *endpoint) Read(p []byte) (n int, err error) {
	if c.isStream() {
		p = p[:min(len(p), maxRW)]
	}
	c.rd.mu.Lock()
	for n, err = c.receiveFirst(p); err == again; n, err = c.receiveNow(p) {
		if c.waitsOnRing() {
			if n, err = c.receiveOnRing(p); err != again {
				break
			}
			continue
		}
		if err = c.poll.Watch(); err == nil {
			err = c.rd.waitReady()
		}
		if err != nil {
			break
		}
		c.noteReadable()
	}
	c.noteRead(n)
	raceRead(c.fd)   // under the lock: Close takes it before the descriptor goes
	c.rd.mu.Unlock() // a defer would take stack
	return n, netError(err)
}

// receiveFirst begins a Read: it tries without a wait for the socket, but perhaps after its turn.
// Its error is again if there is nothing.
//
// Before the first wait for a ring there may be no try: a connection that waits there is one of
// many, has just answered its peer, and so would find nothing.
func (c *endpoint) receiveFirst(p []byte) (int, error) {
	if len(p) == 0 {
		if c.rd.side.Closed() {
			return 0, errClosed
		}
		return 0, nil
	}
	if err := c.rd.prepare(); err != nil {
		return 0, err
	}
	tried := c.receive.nonEmpty
	if tried {
		if n, err := c.receiveNow(p); err != again {
			return n, err
		}
	}
	waited := c.awaitTurn()
	if c.rd.side.Closed() { // which beats what is there: nobody wants it any more
		return 0, errClosed
	}
	if waited == sched.ForNothing && (tried || c.waitsOnRing()) {
		return 0, again
	}
	n, err := c.receiveNow(p)
	c.receive.placement.TriedAfter(waited, c.rd.side, err != again)
	return n, err
}

// again is the error of an attempt that found nothing: there is something to wait for.
const again = syscall.EAGAIN

// receiveNow receives without waiting. Its error is again if there is nothing.
func (c *endpoint) receiveNow(p []byte) (int, error) {
	for {
		n, errno := recvNow(c.fd, p)
		c.receive.nonEmpty = errno == 0 && n == len(p)
		switch errno {
		case 0:
			return endOfFile(n)
		case syscall.EINTR:
		case again:
			return 0, again
		default:
			return 0, os.NewSyscallError("read", errno)
		}
	}
}

// receiveOnRing has a ring receive when there is something: a ring tells what it has done, not what
// could be done. Its error is again if it came to nothing.
//
// It does not return before the receive is done or cancelled: so nothing leaves the socket that no
// Read waits for.
func (c *endpoint) receiveOnRing(p []byte) (int, error) {
	rc := &c.receive
	rc.op.Recv(c.fd, p)
	interrupted := rc.op.Await(c.rd.side)
	if interrupted != nil {
		rc.op.CancelAndAwait()
		rc.leftRing = true
	}
	rc.placement.Note(sched.OnRing)
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
		return 0, again
	default:
		return 0, os.NewSyscallError("read", r.Errno)
	}
}

// noteRead remembers what the last read of n bytes says of the connection. rd.mu is held.
func (c *endpoint) noteRead(n int) {
	rc := &c.receive
	if rc.bulk = n >= bulkGot; rc.bulk && c.answered.Load() {
		c.answered.Store(false)
	}
}
