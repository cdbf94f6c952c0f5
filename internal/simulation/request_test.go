//go:build linux

package simulation

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/ring"
)

// request is a receive that the kernel has.
//
//	armed  It waits for data. Data, a cancellation or the end of its thread -> done.
//	done   Its completion has not been posted. It is posted -> gone.
type request struct {
	userData uint64
	fd       int // the number that it was asked for by
	address  uint64
	length   int
	waits    bool // for data, before it tries

	conn      *conn // nil if it is about a file
	bell      bool  // a read of the bell of a disk
	offset    uint64
	file      int // a duplicate of the descriptor: the reference to the file that a request has
	try       bool
	misses    int // cancellations that have not found it
	done      bool
	cancelled bool
	res       int32
	flags     uint32
}

const (
	sockNonEmpty = 1 << 2
	maxMisses    = 3
)

// receive arms a request. mu is held.
func (r *fakeRing) receive(q *request) {
	w := r.w
	w.note("recv %#x of descriptor %d, %d bytes", q.userData, q.fd, q.length)
	q.conn = w.connOf(q.fd)
	if q.conn == nil {
		w.failf("a receive names descriptor %d, which is no open socket", q.fd)
		return
	}
	if w.lent(q) == nil {
		w.failf("a receive names memory that no Read of the connection has lent")
		return
	}
	file, err := unix.FcntlInt(uintptr(q.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		w.failf("duplicating descriptor %d: %v", q.fd, err)
		return
	}
	q.file, q.try = file, true
	r.requests = append(r.requests, q)
	if !q.waits && !w.oneIn(3) {
		r.attempt(len(r.requests) - 1)
	}
}

// attempt looks for data. mu is held.
func (r *fakeRing) attempt(at int) {
	q, w := r.requests[at], r.w
	if q.conn == nil {
		r.attemptFile(at)
		return
	}
	mem := w.lent(q)
	if mem == nil {
		w.failf("the kernel writes into memory that is not its own any more: the Read of c%d has returned", q.conn.number)
		return
	}
	if len(mem) > 1 && w.fault(w.plan.faults.Partial, 3) {
		mem = mem[:1+w.rng.IntN(len(mem)-1)]
	}
	n, errno := recv(q.file, mem)
	q.try = false
	switch {
	case errno == syscall.EAGAIN:
		return
	case errno != 0:
		q.res = -int32(errno)
	default:
		q.res = int32(n)
		if left, _ := unix.IoctlGetInt(q.file, unix.TIOCINQ); left > 0 {
			q.flags = sockNonEmpty
		}
	}
	r.isOver(at)
}

// isOver has a request wait for its completion, or posts it. mu is held.
func (r *fakeRing) isOver(at int) {
	r.requests[at].done = true
	if !r.w.fault(r.w.plan.faults.Late, 2) {
		r.complete(at)
	}
}

// complete posts the completion of a request, and drops its file after that: who reaps may be
// faster. mu is held.
func (r *fakeRing) complete(at int) {
	q, w := r.requests[at], r.w
	r.requests = append(r.requests[:at], r.requests[at+1:]...)
	c := ring.CQE{UserData: q.userData, Res: q.res, Flags: q.flags}
	r.post(c)
	if !q.bell && w.fault(w.plan.faults.Stale, 4) {
		r.again = append(r.again, c)
	}
	if q.conn == nil {
		w.fileCompleted(q)
		return
	}
	if w.plan.faults.LateFiles {
		r.held = append(r.held, q.file)
	} else {
		unix.Close(q.file)
	}
}

// cancel cancels the request with the user data given and returns what a cancellation does. mu is
// held.
func (r *fakeRing) cancel(userData uint64) int32 {
	w := r.w
	for at, q := range r.requests {
		if q.userData != userData {
			continue
		}
		q.cancelled = true
		switch {
		case q.misses < maxMisses && w.fault(w.plan.faults.Misses, 2):
			q.misses++
			w.note("cancel %#x: missed", userData)
			return -int32([]syscall.Errno{syscall.ENOENT, syscall.EALREADY}[w.rng.IntN(2)])
		}
		if q.done {
			w.note("cancel %#x: it is over", userData)
			r.complete(at)
			return -int32(syscall.ENOENT)
		}
		w.note("cancel %#x", userData)
		q.res = -int32(syscall.ECANCELED)
		r.isOver(at)
		return 0
	}
	w.note("cancel %#x: there is none", userData)
	return -int32(syscall.ENOENT)
}

// threadEnds cancels some of what is armed. mu is held.
func (r *fakeRing) threadEnds() {
	for at := len(r.requests) - 1; at >= 0; at-- {
		if q := r.requests[at]; !q.done && r.w.oneIn(2) {
			q.res = -int32(syscall.ECANCELED)
			r.isOver(at)
		}
	}
}

// pending lists what may happen on the ring next. mu is held.
func (r *fakeRing) pending(i int, events *[]event) {
	for at, q := range r.requests {
		switch {
		case q.done:
			*events = append(*events, event{postDone, i, at})
		case q.try, q.bell && isStruck(q.fd):
			*events = append(*events, event{tryReceive, i, at})
		}
	}
	if len(r.again) > 0 && !(r.forFiles && r.isFull()) {
		*events = append(*events, event{repeat, i, 0})
	}
	if len(r.held) > 0 {
		*events = append(*events, event{dropFiles, i, 0})
	}
}

func (r *fakeRing) happen(e event) {
	switch e.kind {
	case tryReceive:
		r.attempt(e.req)
	case postDone:
		r.complete(e.req)
	case repeat:
		r.post(r.again[0])
		r.again = r.again[1:]
	case dropFiles:
		r.dropFiles()
	}
}

// recv is a recv(2) that does not wait.
func recv(fd int, p []byte) (int, syscall.Errno) {
	n, _, err := unix.Recvfrom(fd, p, unix.MSG_DONTWAIT)
	return n, errnoOf(err)
}

func errnoOf(err error) syscall.Errno {
	errno, _ := err.(syscall.Errno)
	return errno
}
