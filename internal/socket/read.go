//go:build linux

package socket

import (
	"errors"
	"net"
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

// receive is the reading state of a connection; the holder of rd.mu owns it.
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

	placement sched.Placement
	op        sched.Op // the receive on a ring
}

// Read receives up to len(p) bytes, at least one unless p is empty. It returns io.EOF at the end of
// the stream.
func (c *Conn) Read(p []byte) (int, error) {
	c.rd.mu.Lock()
	defer c.rd.mu.Unlock()
	if len(p) == 0 {
		if c.rd.side.Closed() {
			return 0, net.ErrClosed
		}
		return 0, nil
	}
	if err := c.rd.prepare(); err != nil {
		return 0, err
	}
	if c.IsStream() {
		p = p[:min(len(p), maxRW)]
	}
	n, err := c.receiveSome(p)
	c.noteRead(n)
	raceRead(c.fd)
	return n, netError(err)
}

// noteRead remembers what the last read of n bytes says of the connection. rd.mu is held.
func (c *Conn) noteRead(n int) {
	rc := &c.receive
	if rc.bulk = n >= bulkGot; rc.bulk && c.answered.Load() {
		c.answered.Store(false)
	}
}

// receiveSome receives what there is, at once, when the others have had their turn, or when there
// is something.
func (c *Conn) receiveSome(p []byte) (int, error) {
	n, tried, err := c.receiveWithoutWaiting(p)
	for err == syscall.EAGAIN {
		switch {
		case c.waitsOnRing():
			n, err = c.receiveOnRing(p)
			tried = false
		case !tried:
			n, err = c.receiveNow(p)
			tried = true
		default:
			if err := c.awaitReadable(); err != nil {
				return 0, err
			}
			n, err = c.receiveNow(p)
		}
	}
	return n, err
}

// receiveWithoutWaiting receives what is there, if something is likely to be. Its error is EAGAIN
// if it got nothing, and tried is set if it has seen that there is nothing.
func (c *Conn) receiveWithoutWaiting(p []byte) (n int, tried bool, err error) {
	rc := &c.receive
	if rc.nonEmpty {
		if n, err := c.receiveNow(p); err != syscall.EAGAIN {
			return n, true, err
		}
		tried = true
	}
	if c.inStream() {
		return 0, tried, syscall.EAGAIN
	}
	switch had, interrupted := rc.placement.AwaitTurn(&c.poll.In); {
	case interrupted == sched.ErrClosed:
		return 0, tried, interrupted
	case had:
		n, err = c.receiveNow(p)
		if err == syscall.EAGAIN && interrupted != nil {
			// What is there beats a deadline that passes while others have their turn.
			err = interrupted
		} else {
			rc.placement.TurnEnded(err != syscall.EAGAIN)
		}
		return n, true, err
	case !tried && !c.waitsOnRing() && rc.placement.YieldFirst():
		n, err = c.receiveNow(p)
		if err != syscall.EAGAIN {
			rc.placement.Note(sched.AfterYield)
		}
		return n, true, err
	}
	return 0, tried, syscall.EAGAIN
}

// receiveNow receives without waiting. Its error is a bare EAGAIN if there is nothing.
func (c *Conn) receiveNow(p []byte) (int, error) {
	for {
		n, errno := recvNow(c.fd, p)
		c.receive.nonEmpty = errno == 0 && n == len(p)
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
func (c *Conn) receiveOnRing(p []byte) (int, error) {
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
		return 0, syscall.EAGAIN
	default:
		return 0, os.NewSyscallError("read", r.Errno)
	}
}
