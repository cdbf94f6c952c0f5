package uringnet

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
)

// watches reports whether the next receive waits in the runtime's poller, where the goroutine is handed to the scheduler without
// a request, rather than on a ring, where it shares its system calls with others. After a large one it does: what a ring receives for
// many connections at once has left the cache when their goroutines come to it. rd.mu is held.
func (s *socket) watches() bool {
	rc := &s.receive
	if !s.watch.Usable() || rc.pooled {
		return false
	}
	if !rc.pace.OnRing() || rc.bulk {
		return true
	}
	if s.watch.Opened() {
		s.watch.Close()
		rc.drained = false
	}
	rc.aside = !s.watch.Opened()
	return false
}

// receiveInTurn lets the connections that are at work have their turn, and receives what is there then. Its error is a bare EAGAIN if
// there is nothing, or if it is not worth while.
func (s *socket) receiveInTurn(p []byte) (int, error) {
	pace := &s.receive.pace
	had, interrupted := pace.AwaitTurn(&s.rd.dl)
	switch {
	case !had:
		return 0, syscall.EAGAIN
	case interrupted == sched.ErrClosed:
		return 0, interrupted
	}
	// What is there beats a deadline that passes while others have their turn.
	n, err := s.receiveNow(p)
	found := err != syscall.EAGAIN
	if !found && interrupted != nil && interrupted != sched.ErrPoked {
		return 0, interrupted
	}
	if found {
		s.receive.drained = false
	}
	pace.TurnEnded(found)
	if !s.receive.aside {
		s.watches() // or not any more: nothing else asks while turns bring something
	}
	return n, err
}

// inStream reports whether the last Read was a large one and nothing was written since: more of the same is to come, from whoever
// sends, and not an answer.
func (s *socket) inStream() bool { return s.receive.bulk && !s.answered.Load() }

// wroteSince says that something is written after the last Read.
func (s *socket) wroteSince() {
	if !s.answered.Load() {
		s.answered.Store(true)
	}
}

// receiveWatched receives what is there, or waits in the poller until there is something.
func (s *socket) receiveWatched(p []byte) (int, error) {
	rc := &s.receive
	lucky := !rc.drained && !rc.nonEmpty && s.watch.Opened() && rc.pace.LetOthers() && !s.inStream()
	for {
		if !rc.drained {
			if s.watch.Opened() {
				s.watch.In.Reset()
			}
			if n, err := s.receiveNow(p); err != syscall.EAGAIN {
				if lucky {
					rc.pace.Note(sched.ByLuck)
				}
				return n, err
			}
			rc.drained, lucky = true, false
		}
		switch err := s.awaitWatched(); err {
		case nil, sched.ErrPoked:
		case sched.ErrUnwatchable:
			return s.receiveInto(p)
		default:
			return 0, err
		}
	}
}

// awaitWatched parks until the socket, which was empty, may have something to read. rd.mu is held.
func (s *socket) awaitWatched() error {
	rc := &s.receive
	if !s.watch.Opened() && !s.watch.Open(s.fd) {
		rc.drained = false
		return sched.ErrUnwatchable
	}
	rc.aside = false
	err := s.watch.In.Await(&s.rd.dl)
	switch err {
	case nil:
		rc.drained = false
		if s.inStream() {
			rc.pace.Note(sched.InStream)
		} else {
			rc.pace.Note(sched.InPoller)
		}
	case sched.ErrUnwatchable:
		s.watch.Refuse()
		s.watch.Close()
		rc.drained = false
	}
	return err
}

// awaitReadable parks until the socket, which was empty, may have something to read. rd.mu is held and rd.op is idle.
func (s *socket) awaitReadable() error {
	if s.watches() {
		if err := s.awaitWatched(); !errors.Is(err, sched.ErrUnwatchable) {
			return err
		}
	}
	err := s.rd.awaitReady(s.fd, unix.POLLIN|unix.POLLRDHUP)
	if err == nil {
		s.receive.pace.Note(sched.OnRing)
	}
	return err
}

// awaitWritable parks until the socket, which was full, may take something. wr.mu is held and wr.op is idle.
func (s *socket) awaitWritable() error {
	if s.watch.Pin(s.fd) {
		return s.awaitPinned()
	}
	return s.wr.awaitReady(s.fd, unix.POLLOUT)
}

// awaitPinned parks in the poller until the socket may take something, and unpins it. A nil error promises nothing: the caller tries
// again.
func (s *socket) awaitPinned() error {
	err := s.watch.Out.Await(&s.wr.dl)
	s.watch.Unpin()
	switch err {
	case sched.ErrUnwatchable:
		s.watch.Refuse()
		return nil
	case sched.ErrPoked:
		return nil
	}
	return err
}
