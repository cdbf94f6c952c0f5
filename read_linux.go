package uringnet

import (
	"io"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/uringnet/uringnet/internal/sched"
)

const (
	// pooledMax is the largest read that is armed with a provided buffer and stays armed when it is interrupted: reads as
	// small as this are made to be cancelled, as net/http's background read of one byte, or are the first of several that
	// one buffer serves. A larger read receives into the caller's slice, so that nothing leaves the socket after
	// an interruption, where a raw reader would look for it.
	pooledMax = 16

	// maxRW bounds one system call, as in package net: some systems fail on more.
	maxRW = 1 << 30
)

// receive is the reading state of a socket; the holder of rd.mu owns it, except for raw.
//
//	idle      rd.op is idle and buf is nil. A Read arms a receive -> direct or pooled.
//	direct    rd.op receives into the caller's slice. The Read that armed it does not return before it is done -> idle.
//	pooled    rd.op receives into a provided buffer. An interrupted Read leaves it; the next one waits for it. When it is
//	          done -> idle, or buffered if more came than the Read asked for.
//	buffered  buf holds the bytes from off to end. Reads take them -> idle.
type receive struct {
	pooled   bool          // rd.op, in flight or done, is a pooled receive
	nonEmpty bool          // the last receive left something in the socket
	buf      *sched.Buffer // nil unless buffered
	off, end int

	// raw is set once somebody has raw access to the file descriptor: from then on nothing is received that
	// no Read waits for.
	raw atomic.Bool
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
	d := &s.rd
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dl.Closed() {
		return 0, sched.ErrClosed
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := d.begin(); err != nil {
		return 0, err
	}
	if !s.packets {
		p = p[:min(len(p), maxRW)]
	}
	if s.receive.buf != nil {
		return s.receive.unload(p), nil
	}
	if s.receive.nonEmpty && !s.receive.pooled {
		n, errno := recvNow(s.fd, p)
		s.receive.nonEmpty = errno == 0 && n == len(p)
		switch errno {
		case 0:
			return endOfFile(n)
		case syscall.EAGAIN, syscall.EINTR:
		default:
			return 0, os.NewSyscallError("read", errno)
		}
	}
	return s.receiveInto(p)
}

// receiveInto arms a receive, unless one is armed, and waits for it.
func (s *socket) receiveInto(p []byte) (int, error) {
	d, rc := &s.rd, &s.receive
	usePool := len(p) <= pooledMax && s.mayPool()
	for {
		if !rc.pooled {
			if usePool {
				rc.pooled = true
				d.op.RecvPooled(s.fd)
			} else {
				d.op.Recv(s.fd, p)
			}
		}
		interrupted := d.op.Await(&d.dl)
		if interrupted != nil {
			if rc.pooled && !rc.raw.Load() {
				if interrupted == sched.ErrPoked {
					continue
				}
				return 0, interrupted
			}
			d.op.CancelAndAwait()
		}
		r := d.op.Take()
		if r.Errno == 0 {
			return endOfFile(rc.finish(r, p))
		}
		rc.pooled = false
		usePool = usePool && s.mayPool()
		switch {
		case interrupted == sched.ErrPoked && r.Errno == syscall.ECANCELED:
		case interrupted != nil && r.Errno == syscall.ECANCELED:
			return 0, interrupted
		case r.Errno == syscall.ENOBUFS && usePool:
			usePool = false
		case r.Errno == syscall.ECANCELED, r.Errno == syscall.EINTR, r.Errno == syscall.EAGAIN, r.Errno == syscall.ENOBUFS:
			// The kernel cancels what a thread has armed when that thread ends.
		default:
			return 0, os.NewSyscallError("read", r.Errno)
		}
	}
}

// mayPool reports whether a receive may be left armed: not where messages have bounds or may carry file
// descriptors, and not where somebody else reads the socket.
func (s *socket) mayPool() bool {
	return s.network[0] == 't' && !s.receive.raw.Load()
}

// finish takes over the bytes of a receive and returns how many are in p.
func (rc *receive) finish(r sched.Result, p []byte) int {
	rc.nonEmpty = r.NonEmpty
	if !rc.pooled {
		return r.N
	}
	rc.pooled = false
	if r.Buf == nil {
		return 0 // end of file takes no buffer
	}
	rc.buf, rc.off, rc.end = r.Buf, 0, r.N
	return rc.unload(p)
}

// unload copies buffered bytes to p and gives the buffer back once it is empty.
func (rc *receive) unload(p []byte) int {
	n := copy(p, rc.buf.Bytes()[rc.off:rc.end])
	rc.off += n
	if rc.off == rc.end {
		rc.buf.Release()
		rc.buf = nil
	}
	return n
}

// endOfFile is what a successful receive of n bytes returns.
func endOfFile(n int) (int, error) {
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// disarm takes a pooled receive back, so that no bytes arrive that no Read waits for. What it had
// received stays for the next Read. d.mu is held.
func (rc *receive) disarm(d *direction) {
	if d.op.InFlight() {
		d.op.CancelAndAwait()
	}
	if !d.op.Done() {
		return
	}
	r := d.op.Take()
	rc.pooled = false
	if r.Errno == 0 && r.Buf != nil {
		rc.nonEmpty = r.NonEmpty
		rc.buf, rc.off, rc.end = r.Buf, 0, r.N
	}
}

// drop ends reading for good. d.mu is held.
func (rc *receive) drop(d *direction) {
	rc.disarm(d)
	if rc.buf != nil {
		rc.buf.Release()
		rc.buf = nil
	}
}

// handOver notes that somebody gets raw access to the file descriptor. It does not wait for a Read in progress, but
// makes it receive into its own slice, and so no more than it asks for.
func (rc *receive) handOver(s *socket) {
	rc.raw.Store(true)
	if !s.rd.mu.TryLock() {
		s.rd.dl.Poke()
		return
	}
	defer s.rd.mu.Unlock()
	if !s.rd.dl.Closed() {
		rc.disarm(&s.rd)
	}
}
