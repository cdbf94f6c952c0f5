//go:build linux

package socket

import (
	"io"
	"os"
	"syscall"
)

// write sends at once what the socket takes. For the rest it waits in the runtime's poller, and
// sends again. It returns how many bytes the kernel has, all of p unless there is an error. Its
// caller excludes other writes.
func (c *endpoint) write(p []byte) (done int, err error) {
	if err := c.wr.prepare(); err != nil {
		return 0, err
	}
	c.noteWrite()
	raceWrite()
	visibly := c.sendVisibly()
	for {
		rest := p[done:]
		if c.isStream() {
			rest = rest[:min(len(rest), maxRW)]
		}
		n, errno := sendNow(c.fd, rest, visibly)
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
			if err := c.wr.waitReady(); err != nil {
				return done, err
			}
		default:
			return done, os.NewSyscallError("write", errno)
		}
	}
}

// noteWrite remembers that something is written after the last Read.
func (c *endpoint) noteWrite() {
	if !c.answered.Load() {
		c.answered.Store(true)
	}
}

// sendVisibly chooses whether the scheduler is to know of the next send: of every second one, while
// no other connection is at work. wr.mu is held.
//
// It wakes its monitor then, if all was idle, a thread that sleeps for 20 us at a time until all is
// idle again. A processor with a timer as near as that does not sleep deeply, and the answer to a
// connection that is alone wakes its goroutine sooner.
func (c *endpoint) sendVisibly() bool {
	c.sentVisibly = !c.sentVisibly && c.receive.placement.Alone()
	return c.sentVisibly
}
