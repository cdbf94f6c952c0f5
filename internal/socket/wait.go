//go:build linux

package socket

import "github.com/uringnet/uringnet/internal/sched"

// A Read that found nothing waits in one of two places: in the runtime's poller, which tells that
// there may be something, so that it is tried again; or for a ring, which receives for it. Before
// that it may wait for its turn, in which other connections go first.

// awaitTurn lets other connections go first, if many are at work, and says whether it did. An
// interruption ends it early, and is returned by the wait that follows if there is nothing.
func (c *endpoint) awaitTurn() sched.Waited {
	if !c.inStream() && c.receive.placement.AwaitTurn(c.rd.side) {
		return sched.InTurn
	}
	return sched.ForNothing
}

// waitsOnRing reports whether the next receive waits on a ring, where it shares its system calls
// with others, rather than in the runtime's poller, which hands the goroutine straight to the
// scheduler. After a large one it does not: what a ring receives for many connections at once has
// left the cache when their goroutines come to it. Nor does it where it may have to be interrupted.
func (c *endpoint) waitsOnRing() bool { return c.mayUseRing() && c.receive.placement.OnRing() }

// mayUseRing reports whether nothing speaks against a ring.
func (c *endpoint) mayUseRing() bool {
	return !c.receive.leftRing && !c.receive.bulk && c.rd.side.Untimed()
}

// inStream reports whether the last Read was a large one and nothing was written since: more of the
// same is to come, from whoever sends, and not an answer.
func (c *endpoint) inStream() bool { return c.receive.bulk && !c.answered.Load() }

// awaitReadable parks until the socket, which was empty, may have something to read. rd.mu is held.
func (c *endpoint) awaitReadable() error {
	err := c.rd.waitReady()
	if err == nil {
		c.noteReadable()
	}
	return err
}

// noteReadable tells the placement that a wait in the poller is over, and why it was there.
func (c *endpoint) noteReadable() {
	switch placement := &c.receive.placement; {
	case c.inStream():
		placement.Note(sched.InStream)
	case c.mayUseRing():
		placement.Note(sched.InPoller)
	default:
		placement.Note(sched.OffRing)
	}
}
