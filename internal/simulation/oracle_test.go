//go:build linux

package simulation

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
)

// lent is the memory that a request names, if a Read that has not returned has lent it, or nil. mu
// is held by the caller.
func (w *world) lent(q *request) []byte {
	for _, call := range w.calls {
		if call.conn == q.conn && call.verb == read && addressOf(call.buf) == q.address && q.length <= len(call.buf) {
			return call.buf[:q.length]
		}
	}
	return nil
}

// returned checks what a call has returned. mu is held.
func (w *world) returned(call *call, n int, err error) {
	w.note("c%d %s returns %d, %v", call.conn.number, verbNames[call.verb], n, err)
	w.calls = without(w.calls, call)
	w.checkMemory(call)
	if call.mustFail && !isClosed(err) {
		w.failf("after Close of c%d %s returns %d, %v", call.conn.number, verbNames[call.verb], n, err)
	}
	if isTimeout(err) && !call.mayTimeOut {
		w.failf("%s of c%d times out before its deadline", verbNames[call.verb], call.conn.number)
	}
	if isClosed(err) && !call.conn.closing {
		w.failf("%s of c%d says that it is closed, which it is not", verbNames[call.verb], call.conn.number)
	}
	if call.mustTimeOut && !isTimeout(err) && !call.conn.closing {
		w.failf("%s of c%d began after its deadline and returns %d, %v", verbNames[call.verb], call.conn.number, n, err)
	}
	switch call.verb {
	case read:
		w.readReturned(call, n, err)
	case write:
		w.writeReturned(call, n, err)
	case closeConn:
		w.closeReturned(call.conn, err)
	default:
		if err != nil && !isClosed(err) {
			w.failf("a deadline of c%d cannot be set: %v", call.conn.number, err)
		}
	}
}

// checkMemory sees to it that the kernel has nothing of what the call has lent. mu is held.
func (w *world) checkMemory(call *call) {
	if call.verb != read {
		return
	}
	for _, r := range w.rings {
		for _, q := range r.requests {
			if q.address == addressOf(call.buf) {
				w.failf("a Read of c%d returns while the kernel has its memory", call.conn.number)
			}
		}
	}
}

func (w *world) readReturned(call *call, n int, err error) {
	c := call.conn
	if n < 0 || n > len(call.buf) || n > 0 && err != nil || n == 0 && err == nil {
		w.failf("a Read of c%d returns %d, %v", c.number, n, err)
		return
	}
	if n > 0 {
		if c.in.got+n > c.in.sent {
			w.failf("c%d has read %d bytes, of which the peer has sent %d", c.number, c.in.got+n, c.in.sent)
		}
		if i := c.differs(call.buf[:n], c.in.got, false); i >= 0 {
			w.failf("a Read of c%d has a wrong byte at %d: bytes are lost, or not in order", c.number, c.in.got+i)
		}
		c.in.got += n
		return
	}
	switch {
	case isClosed(err), isTimeout(err):
	case err == io.EOF && c.peerEnded && c.in.got == c.in.sent:
	case errors.Is(err, syscall.ECONNRESET) && c.reset && c.in.got == c.in.sent:
	default:
		w.failf("a Read of c%d returns %v: %d of %d bytes read, peer ended %v, gone %v",
			c.number, err, c.in.got, c.in.sent, c.peerEnded, c.peerGone)
	}
}

func (w *world) writeReturned(call *call, n int, err error) {
	c := call.conn
	if n < 0 || n > len(call.buf) || err == nil && n != len(call.buf) {
		w.failf("a Write of %d bytes to c%d returns %d, %v", len(call.buf), c.number, n, err)
	}
	c.out.sent += n
	switch {
	case err == nil, isClosed(err), isTimeout(err):
	case c.peerGone && (errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)):
	default:
		w.failf("a Write to c%d returns %v", c.number, err)
	}
}

// closeReturned checks that the socket is gone: the peer sees the end, and nobody holds the file.
func (w *world) closeReturned(c *conn, err error) {
	c.closed = true
	if err != nil {
		w.failf("Close of c%d returns %v", c.number, err)
	}
	if w.outstandingNow(c) {
		w.failf("Close of c%d returns before the kernel has let go of a receive", c.number)
	}
	if c.peer >= 0 && poll(c.peer)&unix.POLLHUP == 0 {
		w.failf("Close of c%d has returned, and the socket is still open: a request holds its file", c.number)
	}
}

func (w *world) outstandingNow(c *conn) bool {
	for _, r := range w.rings {
		for _, q := range r.requests {
			if q.conn == c {
				return true
			}
		}
	}
	return false
}

// hung says of a call why it should have returned, now that nothing is pending, or nothing. mu is
// held.
func (w *world) hung(call *call) string {
	if call.verb >= fileRead {
		return "nothing is pending of its request"
	}
	c := call.conn
	i := direction(call.verb)
	switch {
	case i < 0:
		return "it waits for nothing"
	case c.closing:
		return "the connection is closed"
	case c.deadlines[i].isPast(w.clock) && !w.timerPending(c.fd, i):
		return "its deadline has passed"
	}
	if events := poll(c.fd); call.verb == read && events&(unix.POLLIN|unix.POLLRDHUP|unix.POLLHUP) != 0 {
		return "there is something to read"
	} else if call.verb == write && events&(unix.POLLOUT|unix.POLLHUP) != 0 {
		return "there is room"
	}
	return ""
}

// timerPending reports whether the poller counts down to a deadline: a setter that was late may
// have told it of a later one.
func (w *world) timerPending(fd, side int) bool {
	for _, d := range w.descs {
		if d.what == aSocket && d.fd == fd && !d.closing && d.sides[side].deadline > w.clock {
			return true
		}
	}
	return false
}

// judgeRest checks that no call waits in vain, and reports whether nothing is pending after all. mu
// is held.
func (w *world) judgeRest() bool {
	suspect := func() *call {
		for _, call := range w.calls {
			if w.hung(call) != "" {
				return call
			}
		}
		return nil
	}
	if suspect() == nil {
		return true
	}
	w.surely()
	if len(w.pending()) > 0 {
		return false
	}
	if call := suspect(); call != nil {
		w.failf("%s hangs: %s", call, w.hung(call))
	}
	return true
}

// finish lets all calls end, and checks that nothing is lost or left. mu is held.
func (w *world) finish() {
	w.settle()
	w.clock += 1000 // all deadlines pass
	w.noteDeadlines()
	w.settle()
	w.drain()
	w.judgeLoss()
	for _, c := range w.conns {
		if w.problem == "" {
			w.do(step{verb: closeConn, conn: c.number})
		}
	}
	w.settle()
	if w.problem != "" {
		return
	}
	if len(w.calls) > 0 {
		w.failf("%d calls have not returned", len(w.calls))
	}
	for _, c := range w.conns {
		if c.peer >= 0 && c.out.got != c.out.sent {
			w.failf("c%d has written %d bytes, and its peer has read %d", c.number, c.out.sent, c.out.got)
		}
	}
	for _, s := range sched.ReadStats() {
		if s.InFlight != 0 {
			w.failf("%d operations are in flight when all is over", s.InFlight)
		}
	}
	if n := sched.ReadFileStats().InFlight; n != 0 {
		w.failf("%d requests about files are in flight when all is over", n)
	}
	for _, d := range w.descs {
		if d.what == aSocket && !d.closed {
			w.failf("a socket has not left the poller")
		}
	}
}

// judgeLoss checks that what was not read is still there to be read. mu is held.
func (w *world) judgeLoss() {
	loss := func() string {
		for _, c := range w.conns {
			if left, _ := unix.IoctlGetInt(c.fd, unix.TIOCINQ); !c.closing && c.in.got+left != c.in.sent {
				return fmt.Sprintf("c%d: the peer has sent %d bytes, %d were read and %d can be read",
					c.number, c.in.sent, c.in.got, left)
			}
		}
		return ""
	}
	if loss() == "" {
		return
	}
	w.surely() // a Read may have received, and not returned
	w.settle()
	if what := loss(); what != "" {
		w.failf("%s", what)
	}
}

// drain lets the peers read all that is written. mu is held.
func (w *world) drain() {
	for more := true; more && w.problem == ""; {
		more = false
		for _, c := range w.conns {
			for c.peer >= 0 && w.peerReads(c, 64<<10) {
				more = true
			}
		}
		w.settle()
	}
}

func without(calls []*call, gone *call) []*call {
	return slices.DeleteFunc(calls, func(c *call) bool { return c == gone })
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func isClosed(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, sched.ErrClosed)
}
