//go:build linux

package simulation

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// call is a call of the code under test that has not returned.
type call struct {
	verb verb
	conn *conn
	buf  []byte
	at   int // where in the stream a Write begins

	mayTimeOut  bool // the deadline has been over at some time during the call
	mustTimeOut bool // the deadline was over when it was set, before the call, and was left so
	mustFail    bool // Close had returned before

	file fileCall
}

// do does a step of the script. mu is held.
func (w *world) do(s step) {
	w.note("do %v", s)
	switch s.verb {
	case tick:
		w.clock += s.n
		w.noteDeadlines()
		return
	case settle:
		w.settle()
		return
	case threadEnd:
		if w.plan.faults.ThreadEnds {
			for _, r := range w.rings {
				r.threadEnds()
			}
		}
		return
	}
	if s.verb >= fileRead {
		w.doFile(s)
		return
	}
	c := w.conns[s.conn]
	switch s.verb {
	case read:
		if w.outstanding(c, read) < 2 {
			w.call(c, &call{verb: read, buf: make([]byte, s.n)})
		}
	case write:
		if w.outstanding(c, write) == 0 {
			w.write(c, s.n)
		}
	case closeConn:
		if !c.closing {
			c.closing = true
			w.call(c, &call{verb: closeConn})
		}
	case readDeadline, writeDeadline, bothDeadlines:
		w.setDeadline(c, s)
	default:
		w.peerDoes(c, s)
	}
}

func (w *world) outstanding(c *conn, verb verb) (n int) {
	for _, call := range w.calls {
		if call.conn == c && call.verb == verb {
			n++
		}
	}
	return n
}

// call begins a call. mu is held.
func (w *world) call(c *conn, call *call) {
	call.conn = c
	if i := direction(call.verb); i >= 0 {
		d := &c.deadlines[i]
		call.mayTimeOut = d.isPast(w.clock)
		call.mustTimeOut = d.now < 0 && !d.setting
		call.mustFail = c.closed
	}
	w.calls = append(w.calls, call)
	go func() {
		defer func() { w.recovered(recover()) }()
		n, err := call.run()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.ending {
			runtime.Goexit()
		}
		w.returned(call, n, err)
	}()
}

// direction is the index of a call's deadline, or -1.
func direction(v verb) int {
	switch v {
	case read:
		return 0
	case write:
		return 1
	}
	return -1
}

func (call *call) run() (int, error) {
	switch call.verb {
	case read:
		return call.conn.stream.Read(call.buf)
	case write:
		return call.conn.stream.Write(call.buf)
	}
	return 0, call.conn.stream.Close()
}

func (w *world) write(c *conn, n int) {
	call := &call{verb: write, buf: make([]byte, n), at: c.out.sent}
	c.fill(call.buf, c.out.sent, true)
	w.call(c, call)
}

// setDeadline sets one or both deadlines. One setter at a time is at work. mu is held.
func (w *world) setDeadline(c *conn, s step) {
	if c.closing || c.deadlines[0].setting || c.deadlines[1].setting {
		return
	}
	at, t := 0, time.Time{}
	switch {
	case s.n > 0:
		at, t = w.clock+s.n, time.Now().Add(time.Duration(s.n)*clockStep)
	case s.n == -1:
		at, t = -1, time.Unix(1, 0)
	case s.n < -1:
		at, t = -1, time.Now().Add(-clockStep)
	}
	sides, set := c.deadlines[:], c.stream.SetDeadline
	switch s.verb {
	case readDeadline:
		sides, set = c.deadlines[:1], c.stream.SetReadDeadline
	case writeDeadline:
		sides, set = c.deadlines[1:], c.stream.SetWriteDeadline
	}
	for i := range sides {
		sides[i].next, sides[i].setting = at, true
	}
	for _, other := range w.calls {
		if other.conn == c {
			other.mustTimeOut = false
		}
	}
	w.noteDeadlines()
	setter := &call{verb: s.verb, conn: c}
	w.calls = append(w.calls, setter)
	go func() {
		defer func() { w.recovered(recover()) }()
		err := set(t)
		w.mu.Lock()
		defer w.mu.Unlock()
		for i := range sides {
			sides[i] = deadline{now: at}
		}
		w.noteDeadlines()
		w.returned(setter, 0, err)
	}()
}

// noteDeadlines marks the calls whose deadline may have passed. mu is held.
func (w *world) noteDeadlines() {
	for _, call := range w.calls {
		if i := direction(call.verb); i >= 0 && call.conn.deadlines[i].isPast(w.clock) {
			call.mayTimeOut = true
		}
	}
}

// peerDoes lets the peer do something. mu is held.
func (w *world) peerDoes(c *conn, s step) {
	if c.peer < 0 {
		return
	}
	switch s.verb {
	case peerRead:
		w.peerReads(c, s.n)
		return
	case peerWrite, peerEnd, peerGone:
		if s.n > 0 && !c.peerEnded {
			p := make([]byte, s.n)
			c.fill(p, c.in.sent, false)
			n, _ := unix.SendmsgN(c.peer, p, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
			c.in.sent += max(n, 0)
		}
	}
	switch s.verb {
	case peerEnd:
		c.peerEnded = true
		unix.Shutdown(c.peer, unix.SHUT_WR)
	case peerGone:
		left, _ := unix.IoctlGetInt(c.peer, unix.TIOCINQ)
		c.reset = left > 0
		c.peerEnded, c.peerGone = true, true
		unix.Close(c.peer)
		c.peer = -1
	}
	w.ready(c)
}

// peerReads lets the peer receive up to n bytes, and returns whether there were any. mu is held.
func (w *world) peerReads(c *conn, n int) bool {
	p := make([]byte, n)
	got, errno := recv(c.peer, p)
	if errno != 0 || got <= 0 {
		return false
	}
	if i := c.differs(p[:got], c.out.got, true); i >= 0 {
		w.failf("the peer of c%d reads a wrong byte at %d", c.number, c.out.got+i)
	}
	c.out.got += got
	if !c.closed && poll(c.fd)&unix.POLLOUT != 0 {
		w.ready(c)
	}
	return true
}

// ready says that there is news of a connection. mu is held.
func (w *world) ready(c *conn) {
	for _, d := range w.descs {
		if d.what == aSocket && d.fd == c.fd && !d.closing {
			d.pendingEdge = true
		}
	}
	for _, r := range w.rings {
		for _, q := range r.requests {
			if q.conn == c && !q.done {
				q.try = true
			}
		}
	}
}
