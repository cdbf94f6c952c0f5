//go:build linux

package simulation

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
	"github.com/uringnet/uringnet/internal/socket"
)

// stream is what is simulated.
type stream interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
	SetDeadline(t time.Time) error
	Close() error
}

// conn is a connection, its peer, and the model of what may be read from it.
type conn struct {
	number   int
	stream   stream
	bare     bool
	fd, peer int // peer is -1 once it is closed

	in, out flow

	peerEnded bool // the peer sends no more
	peerGone  bool // the peer has closed
	reset     bool // it has closed without having read everything
	closing   bool // Close was called
	closed    bool // Close has returned

	deadlines [2]deadline // of reading and writing
}

// flow is one direction of a stream.
type flow struct {
	sent, got int
}

// deadline is on the clock, 0 for none. While a setter has not returned both may count.
type deadline struct {
	now, next int
	setting   bool
}

const clockStep = time.Hour // of the real clock, so that no real time matters

// sendBuffer is small, so that writes find no room.
const sendBuffer = 8 << 10

// connect makes a connection.
func (w *world) connect(number int, bare bool) *conn {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		panic(err)
	}
	if err := unix.SetsockoptInt(fds[0], unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer); err != nil {
		panic(err)
	}
	c := &conn{number: number, bare: bare, fd: fds[0], peer: fds[1]}
	if bare {
		c.stream = newBareStream(c.fd)
	} else {
		c.stream = socket.NewUnixStream(c.fd)
	}
	return c
}

// connOf is the open connection with a descriptor, or nil. mu is held.
func (w *world) connOf(fd int) *conn {
	for _, c := range w.conns {
		if c.fd == fd && !c.closed {
			return c
		}
	}
	return nil
}

// closeRest closes the peer, and in a world that is broken the connection too.
func (c *conn) closeRest(broken bool) {
	if c.peer >= 0 {
		unix.Close(c.peer)
	}
	if broken && !c.closed {
		unix.Close(c.fd)
	}
}

// pattern is the byte at a place of a stream. Neighbours differ, and so do places a buffer apart.
func (c *conn) pattern(at int, outward bool) byte {
	b := byte(at) + byte(at>>8)*31 + byte(c.number)*67
	if outward {
		b += 128
	}
	return b
}

func (c *conn) fill(p []byte, at int, outward bool) {
	for i := range p {
		p[i] = c.pattern(at+i, outward)
	}
}

// differs is the first place in p that is not what the stream has from at on, or -1.
func (c *conn) differs(p []byte, at int, outward bool) int {
	for i := range p {
		if p[i] != c.pattern(at+i, outward) {
			return i
		}
	}
	return -1
}

// isPast reports whether the deadline may have passed.
func (d *deadline) isPast(clock int) bool {
	past := func(at int) bool { return at != 0 && at <= clock }
	return past(d.now) || d.setting && past(d.next)
}

// bareStream is an operation on a ring as socket.Conn makes it, but one that is cancelled again and
// again, while a socket leaves its ring after the first time.
type bareStream struct {
	fd     int
	desc   sched.PollDesc
	op     sched.Op
	rd, wr sync.Mutex
	closer sync.Once
}

func newBareStream(fd int) *bareStream {
	s := &bareStream{fd: fd}
	s.desc.Init(fd)
	s.op.Init(&s.desc.In)
	return s
}

func (s *bareStream) Read(p []byte) (int, error) {
	s.rd.Lock()
	defer s.rd.Unlock()
	if err := s.desc.In.Prepare(); err != nil {
		return 0, err
	}
	for {
		n, errno, err := s.attempt(p)
		switch {
		case errno == 0 && n > 0:
			return n, nil
		case errno == 0 && err == nil:
			return 0, io.EOF
		case errno != 0 && errno != syscall.EAGAIN && errno != syscall.ECANCELED:
			return 0, errno
		case errors.Is(err, sched.ErrClosed), isTimeout(err):
			return 0, err
		}
	}
}

// attempt receives on the ring, or, with a deadline, tries and waits in the poller.
func (s *bareStream) attempt(p []byte) (int, syscall.Errno, error) {
	if !s.desc.In.Untimed() {
		n, errno := recv(s.fd, p)
		if errno != syscall.EAGAIN {
			return n, errno, nil
		}
		return 0, errno, s.desc.In.WaitReady()
	}
	s.op.Recv(s.fd, p)
	err := s.op.Await(&s.desc.In)
	if err != nil {
		s.op.CancelAndAwait()
	}
	r := s.op.Take()
	if r.Errno == 0 {
		err = nil // what has come beats the interruption
	}
	return r.N, r.Errno, err
}

func (s *bareStream) Write(p []byte) (done int, err error) {
	s.wr.Lock()
	defer s.wr.Unlock()
	if err := s.desc.Out.Prepare(); err != nil {
		return 0, err
	}
	for done < len(p) {
		n, err := unix.SendmsgN(s.fd, p[done:], nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		if err == syscall.EAGAIN {
			if err := s.desc.Out.WaitReady(); err != nil {
				return done, err
			}
			continue
		}
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

func (s *bareStream) SetReadDeadline(t time.Time) error  { return s.desc.In.SetDeadline(t) }
func (s *bareStream) SetWriteDeadline(t time.Time) error { return s.desc.Out.SetDeadline(t) }
func (s *bareStream) SetDeadline(t time.Time) error      { return s.desc.SetDeadline(t) }

func (s *bareStream) Close() error {
	err := net.ErrClosed
	s.closer.Do(func() {
		s.desc.Evict()
		s.rd.Lock()
		s.op.AwaitRelease()
		s.wr.Lock()
		s.desc.Close()
		s.wr.Unlock()
		s.rd.Unlock()
		err = unix.Close(s.fd)
	})
	return err
}
