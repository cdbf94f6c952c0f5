package uringnet

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Write is that of net.Conn.
func (s *socket) Write(p []byte) (int, error) {
	n, err := s.write(p)
	if err != nil {
		err = s.opError("write", err)
	}
	return n, err
}

// write sends at once what the socket takes. For the rest it waits in the poller and sends again, or in a crowd it goes through the ring,
// which waits for room.
func (s *socket) write(p []byte) (int, error) {
	d := &s.wr
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.begin(); err != nil {
		return 0, err
	}
	s.wroteSince()
	raceWrite()
	done, tell := 0, s.tells()
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
			continue
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
		case syscall.EPIPE:
			if s.receive.resetFor(&s.rd) {
				errno = syscall.ECONNRESET
			}
			return done, os.NewSyscallError("write", errno)
		default:
			return done, os.NewSyscallError("write", errno)
		}
		if s.watch.Pin(s.fd) {
			if err := s.awaitPinned(); err != nil {
				return done, err
			}
			continue
		}
		n, err := s.sendWaiting(rest)
		done += n
		if done == len(p) && (n > 0 || err == nil) {
			return done, nil
		}
		if err != nil {
			return done, err
		}
	}
}

// tells reports whether the scheduler is to know of the next send. It wakes its monitor then, if all was idle, a thread that sleeps for 20 us
// at a time until all is idle again. A processor with a timer as near as that does not sleep deeply, and the answer to a connection
// that is alone wakes its goroutine sooner. Every second send is enough. wr.mu is held.
func (s *socket) tells() bool {
	s.told = !s.told && s.alone.Load()
	return s.told
}

// sendWaiting sends through the ring, which waits for room. When it is interrupted it reports the bytes that had gone until then.
func (s *socket) sendWaiting(p []byte) (int, error) {
	d := &s.wr
	// Not with MSG_WAITALL, which would need fewer completions: after 128 rounds of waiting for room (APOLL_MAX_RETRY) the kernel
	// gives such a request to a worker thread, where a cancellation is lost between two partial sends.
	d.op.Send(s.fd, p, unix.MSG_NOSIGNAL)
	interrupted := d.op.Await(&d.dl)
	if interrupted != nil {
		d.op.CancelAndAwait()
	}
	r := d.op.Take()
	switch r.Errno {
	case 0, syscall.ECANCELED, syscall.EINTR, syscall.EAGAIN:
		// ECANCELED without an interruption: the thread that armed the request has ended.
		return r.N, interrupted
	}
	return 0, os.NewSyscallError("write", r.Errno)
}
