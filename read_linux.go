package uringnet

import (
	"io"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
)

const (
	// pooledMax is the largest read that is armed with a provided buffer and stays armed when it is interrupted: reads as
	// small as this are made to be cancelled, as net/http's background read of one byte. A larger read receives into
	// the caller's slice, so that nothing leaves the socket after an interruption, where a raw reader would look for it.
	// Neither receives more than the Read asks for.
	pooledMax = 16

	// maxRW bounds one system call, as in package net: some systems fail on more.
	maxRW = 1 << 30

	// A Read with room for bulkRead bytes after one that brought bulkGot is taken for one of a stream: it asks the kernel to say
	// when there is data, and receives itself. A request to receive would complete with the first segment that comes, and by
	// the time the goroutine runs there are more.
	bulkRead = 32 << 10
	bulkGot  = 16 << 10
)

// receive is the reading state of a socket; the holder of rd.mu owns it, except for raw.
//
//	idle      rd.op is idle, buf is nil and failed is 0. In a crowd a Read waits for its turn first. Then it waits until the socket is ready, in the poller or, in a stream, by a
//	          request, receives by itself and -> idle; or it arms a receive -> direct or pooled.
//	direct    rd.op receives into the caller's slice. The Read that armed it does not return before it is done -> idle.
//	pooled    rd.op receives into a provided buffer. An interrupted Read leaves it; the next one waits for it. When it is
//	          done -> idle, or buffered if more came than that Read asked for.
//	buffered  buf holds the bytes from off to end. Reads take them -> idle.
//	failed    a pooled receive that no Read waits for has failed. The next Read or Write takes the error -> idle.
type receive struct {
	// The order keeps what every Read touches, up to the state of rd.dl, in 128 bytes.
	pooled   bool // rd.op, in flight or done, is a pooled receive
	nonEmpty bool // the last receive left something in the socket
	bulk     bool // the last Read brought bulkGot bytes or more
	drained  bool // the socket was empty since the poller was last waited for; see sched.Watch

	off, end uint8  // what is buffered in buf
	failed   uint16 // a syscall.Errno, or 0 unless failed

	aside bool // the poller does not watch the socket, since its receives wait on a ring

	// raw is set once somebody has raw access to the file descriptor: from then on nothing is received that
	// no Read waits for.
	raw atomic.Bool

	pace sched.Pace
	buf  *sched.Buffer // nil unless buffered
}

// A buffer's size fits into off and end.
const _ = uint8(sched.BufferSize)

// Read is that of net.Conn.
func (s *socket) Read(p []byte) (int, error) {
	n, err := s.readAndUnarm(p)
	if err != nil && err != io.EOF {
		err = s.opError("read", err)
	}
	return n, err
}

func (s *socket) readAndUnarm(p []byte) (int, error) {
	n, err := s.read(p)
	if s.receive.raw.Load() { // handOver may have met the lock held, after our last look
		s.receive.unarm(s)
	}
	return n, err
}

func (s *socket) read(p []byte) (int, error) {
	d, rc := &s.rd, &s.receive
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
	n, err := 0, error(nil)
	switch {
	case rc.failed != 0:
		err = rc.takeFailure()
	case rc.buf != nil:
		n = rc.unload(p)
	default:
		n, err = s.receiveSome(p)
	}
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

// receiveSome receives what there is, at once, when the others have had their turn, or when there is something. Nothing is buffered.
func (s *socket) receiveSome(p []byte) (n int, err error) {
	rc := &s.receive
	err = syscall.EAGAIN
	if !rc.pooled {
		if rc.nonEmpty && !s.watches() {
			n, err = s.receiveNow(p)
		}
		if err == syscall.EAGAIN && !s.inStream() {
			n, err = s.receiveInTurn(p)
		}
	}
	switch {
	case err != syscall.EAGAIN:
	case s.watches():
		n, err = s.receiveWatched(p)
	case rc.bulk && len(p) >= bulkRead && !rc.pooled:
		n, err = s.receiveBulk(p)
	default:
		n, err = s.receiveInto(p)
	}
	return n, err
}

// receiveNow receives without waiting. Its error may be a bare EAGAIN.
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

// receiveBulk receives what is there, or waits until there is something.
func (s *socket) receiveBulk(p []byte) (int, error) {
	for {
		n, err := s.receiveNow(p)
		if err != syscall.EAGAIN {
			return n, err
		}
		if err := s.rd.awaitReady(s.fd, unix.POLLIN|unix.POLLRDHUP); err != nil {
			return 0, err
		}
	}
}

// receiveInto arms a receive, unless one is armed, and waits for it.
func (s *socket) receiveInto(p []byte) (int, error) {
	d, rc := &s.rd, &s.receive
	mayPool := len(p) <= pooledMax
	for {
		if !rc.pooled {
			if mayPool && s.mayPool() {
				rc.pooled = true
				d.op.RecvPooled(s.fd, len(p))
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
		rc.pace.Note(sched.OnRing)
		pooled := rc.pooled
		rc.pooled = false
		switch r := d.op.Take(); {
		case r.Errno == 0 && !pooled:
			rc.nonEmpty = r.NonEmpty
			return endOfFile(r.N)
		case r.Errno == 0:
			n, err := s.finishPooled(r, p)
			if err == syscall.EAGAIN {
				continue
			}
			return n, err
		case r.Errno == syscall.ECANCELED && interrupted != nil && interrupted != sched.ErrPoked:
			return 0, interrupted
		case r.Errno == syscall.ENOBUFS:
			mayPool = false
		case r.Errno == syscall.ECANCELED, r.Errno == syscall.EINTR, r.Errno == syscall.EAGAIN:
			// The kernel cancels what a thread has armed when that thread has ended.
		default:
			return 0, os.NewSyscallError("read", r.Errno)
		}
	}
}

// finishPooled hands over what a pooled receive got, and what else is there if the Read asks for more than it did.
func (s *socket) finishPooled(r sched.Result, p []byte) (int, error) {
	if r.N == 0 {
		// The end that the receive found may be an old one: after CloseRead data can still come.
		return s.receiveNow(p)
	}
	rc := &s.receive
	rc.nonEmpty = r.NonEmpty
	rc.buf, rc.off, rc.end = r.Buf, 0, uint8(r.N)
	n := rc.unload(p)
	if rc.nonEmpty && n < len(p) {
		more, errno := recvNow(s.fd, p[n:])
		rc.nonEmpty = errno == 0 && more == len(p)-n
		if errno == 0 {
			n += more
		}
	}
	return n, nil
}

// mayPool reports whether a receive may be left armed: not where messages have bounds or may carry file
// descriptors, and not where somebody else reads the socket.
func (s *socket) mayPool() bool {
	return s.network[0] == 't' && !s.receive.raw.Load()
}

// unload copies buffered bytes to p and gives the buffer back once it is empty.
func (rc *receive) unload(p []byte) int {
	n := copy(p, rc.buf.Bytes()[rc.off:rc.end])
	rc.off += uint8(n)
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

// disarm takes a pooled receive back, so that no bytes arrive that no Read waits for. What it had received, or
// the error it had met, stays for the next Read. d.mu is held.
func (rc *receive) disarm(d *direction) {
	if d.op.InFlight() {
		d.op.CancelAndAwait()
	}
	if !d.op.Done() {
		return
	}
	r := d.op.Take()
	rc.pooled = false
	switch {
	case r.Errno == 0 && r.Buf != nil:
		rc.nonEmpty = r.NonEmpty
		rc.buf, rc.off, rc.end = r.Buf, 0, uint8(r.N)
	case r.Errno == 0, r.Errno == syscall.ECANCELED, r.Errno == syscall.ENOBUFS, r.Errno == syscall.EINTR, r.Errno == syscall.EAGAIN:
	default:
		rc.failed = uint16(r.Errno)
	}
}

func (rc *receive) takeFailure() error {
	errno := syscall.Errno(rc.failed)
	rc.failed = 0
	return os.NewSyscallError("read", errno)
}

// resetFor tells a Write that met EPIPE whether a receive which no Read waits for has taken the ECONNRESET that
// belongs to it.
func (rc *receive) resetFor(d *direction) bool {
	if !d.mu.TryLock() {
		return false
	}
	defer d.mu.Unlock()
	if rc.pooled {
		rc.disarm(d)
	}
	if rc.failed != uint16(syscall.ECONNRESET) {
		return false
	}
	rc.failed = 0
	return true
}

// drop ends reading for good and reports whether bytes that were received remain unread. d.mu is held.
func (rc *receive) drop(d *direction) (unread bool) {
	rc.disarm(d)
	if rc.buf == nil {
		return false
	}
	rc.buf.Release()
	rc.buf = nil
	return true
}

// handOver notes that somebody gets raw access to the file descriptor. It does not wait for a Read in progress, but
// makes it receive into its own slice, and so no more than it asks for.
func (rc *receive) handOver(s *socket) {
	rc.raw.Store(true)
	if !rc.unarm(s) {
		s.rd.dl.Poke()
	}
}

// unarm takes an armed receive back, unless a Read is in progress.
func (rc *receive) unarm(s *socket) bool {
	if !s.rd.mu.TryLock() {
		return false
	}
	defer s.rd.mu.Unlock()
	if !s.rd.dl.Closed() {
		rc.disarm(&s.rd)
	}
	return true
}
