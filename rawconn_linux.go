package uringnet

import (
	"net"
	"os"
	"syscall"

	"github.com/uringnet/uringnet/internal/sched"
	"golang.org/x/sys/unix"
)

// rawConn gives raw access to a socket's file descriptor. It implements syscall.RawConn as package net does: Control runs at
// once, Read and Write exclude the connection's reads and writes and wait while the callback returns false.
type rawConn struct{ s *socket }

// rawAccess hands out raw access. A receive that is armed would take bytes from it.
func (s *socket) rawAccess() syscall.RawConn {
	s.receive.handOver(s)
	return rawConn{s}
}

// Control, Read and Write are those of syscall.RawConn.
func (c rawConn) Control(f func(fd uintptr)) error {
	if err := c.s.guard.acquire(); err != nil {
		return &net.OpError{Op: "raw-control", Net: c.s.network, Addr: c.s.LocalAddr(), Err: err}
	}
	defer c.s.guard.release()
	f(uintptr(c.s.fd))
	return nil
}

func (c rawConn) Read(f func(fd uintptr) bool) error {
	s := c.s
	s.rd.mu.Lock()
	defer s.rd.mu.Unlock()
	if err := s.rd.begin(); err != nil {
		return s.opError("raw-read", err)
	}
	s.receive.disarm(&s.rd)
	return s.rawWait("raw-read", &s.rd, unix.POLLIN|unix.POLLRDHUP, f)
}

func (c rawConn) Write(f func(fd uintptr) bool) error {
	s := c.s
	s.wr.mu.Lock()
	defer s.wr.mu.Unlock()
	if err := s.wr.begin(); err != nil {
		return s.opError("raw-write", err)
	}
	return s.rawWait("raw-write", &s.wr, unix.POLLOUT, f)
}

// rawWait calls f until it returns true, waiting for events in between. d.mu is held.
func (s *socket) rawWait(op string, d *direction, events uint32, f func(fd uintptr) bool) error {
	for !f(uintptr(s.fd)) {
		if err := d.awaitReady(s.fd, events); err != nil {
			return s.opError(op, err)
		}
	}
	return nil
}

// awaitReady parks until one of the POLL* events holds. d.mu is held and d.op is idle.
func (d *direction) awaitReady(fd int, events uint32) error {
	for {
		d.op.Poll(fd, events)
		interrupted := d.op.Await(&d.dl)
		if interrupted != nil {
			d.op.CancelAndAwait()
		}
		r := d.op.Take()
		switch {
		case interrupted == sched.ErrPoked:
		case interrupted != nil:
			return interrupted
		case r.Errno == 0:
			return nil
		case r.Errno != syscall.ECANCELED: // the thread that armed the request has ended
			return os.NewSyscallError("poll", r.Errno)
		}
	}
}
