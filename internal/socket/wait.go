//go:build linux

package socket

import "github.com/uringnet/uringnet/internal/sched"

// waitsOnRing reports whether the next receive waits on a ring, where it shares its system calls
// with others, rather than in the runtime's poller, which hands the goroutine straight to the
// scheduler. After a large one it does not: what a ring receives for many connections at once has
// left the cache when their goroutines come to it. Nor does it where it may have to be interrupted.
func (c *Conn) waitsOnRing() bool {
	rc := &c.receive
	return !rc.leftRing && !rc.bulk && !c.rd.side.Timed() && rc.placement.OnRing()
}

// inStream reports whether the last Read was a large one and nothing was written since: more of the
// same is to come, from whoever sends, and not an answer.
func (c *Conn) inStream() bool { return c.receive.bulk && !c.answered.Load() }

// awaitReadable parks until the socket, which was empty, may have something to read. rd.mu is held.
func (c *Conn) awaitReadable() error {
	if err := c.rd.waitReady(); err != nil {
		return err
	}
	if c.inStream() {
		c.receive.placement.Note(sched.InStream)
	} else {
		c.receive.placement.Note(sched.InPoller)
	}
	return nil
}
