package uringnet

import (
	"io"
	"os"
	"syscall"
)

// Write is that of net.Conn.
func (s *socket) Write(p []byte) (int, error) {
	n, err := s.write(p)
	if err != nil {
		err = s.opError("write", err)
	}
	return n, err
}

// write sends at once what the socket takes. For the rest it waits in the poller and sends again.
func (s *socket) write(p []byte) (done int, err error) {
	s.wr.mu.Lock()
	defer s.wr.mu.Unlock()
	if err := s.wr.side.Prepare(); err != nil {
		return 0, err
	}
	s.wroteSince()
	raceWrite()
	tell := s.tells()
	for {
		rest := p[done:]
		if !s.packets {
			rest = rest[:min(len(rest), maxRW)]
		}
		n, errno := sendNow(s.fd, rest, tell)
		switch errno {
		case 0:
			done += n
			if done == len(p) {
				return done, nil
			}
			if n == 0 {
				return done, io.ErrUnexpectedEOF
			}
		case syscall.EINTR:
		case syscall.EAGAIN:
			if err := s.wr.side.WaitReady(); err != nil {
				return done, err
			}
		default:
			return done, os.NewSyscallError("write", errno)
		}
	}
}

// wroteSince says that something is written after the last Read.
func (s *socket) wroteSince() {
	if !s.answered.Load() {
		s.answered.Store(true)
	}
}

// tells reports whether the scheduler is to know of the next send. It wakes its monitor then, if
// all was idle, a thread that sleeps for 20 us at a time until all is idle again. A processor with
// a timer as near as that does not sleep deeply, and the answer to a connection that is alone wakes
// its goroutine sooner. Every second send is enough. wr.mu is held.
func (s *socket) tells() bool {
	s.told = !s.told && s.alone.Load()
	return s.told
}
