//go:build linux

package sched

import (
	"fmt"
	"sync/atomic"
	"syscall"

	"github.com/uringnet/uringnet/internal/ring"
)

// The states of an Op; see the package documentation.
const (
	opIdle uint32 = iota
	opInFlight
	opDone
)

var opStateNames = [...]string{"idle", "in flight", "done"}

// Op is one request and the place where its result arrives. It must live on the heap, where it keeps the request's
// memory reachable, and Init must be called before anything else.
type Op struct {
	fut *Future

	// state is opDone only after res, flags and buf are written: the reaper stores it, the owner loads it.
	state    atomic.Uint32
	res      int32
	canceled bool // the owner asked for the cancellation
	inCrowd  bool // the last completion was reaped together with others
	nonEmpty bool // the socket had more to read
	buf      *Buffer

	// Written by the owner when it starts the request, under worker.mu.
	w        *worker
	sqIndex  uint64
	userData uint64
	mem      []byte // what the kernel may read or write until the final completion

	// cancelFailed is stored by the reaper before it notifies; the owner, waiting for the end of a cancelled operation,
	// loads it and cancels again.
	cancelFailed atomic.Bool
}

// Init names the future that is notified of each completion.
func (o *Op) Init(f *Future) { o.fut = f }

// InFlight reports whether the kernel may still complete the operation. A false result is final until
// the owner starts it again.
func (o *Op) InFlight() bool { return o.state.Load() == opInFlight }

// Done reports whether a result waits to be taken.
func (o *Op) Done() bool { return o.state.Load() == opDone }

// Result is what an operation came to.
type Result struct {
	N        int           // the count, file descriptor or event mask, if Errno is 0
	Errno    syscall.Errno // 0 for success
	Canceled bool          // Errno is ECANCELED and the owner had asked for it
	NonEmpty bool          // the socket had more to read
	Buf      *Buffer       // the provided buffer that holds N bytes, or nil; the taker releases it
}

// Take returns the result of an operation that is done and makes it idle.
func (o *Op) Take() Result {
	if o.state.Load() != opDone {
		o.illegal("take the result")
	}
	r := Result{N: int(o.res), NonEmpty: o.nonEmpty, Buf: o.buf}
	if o.res < 0 {
		r.N, r.Errno = 0, syscall.Errno(-o.res)
		r.Canceled = o.canceled && r.Errno == syscall.ECANCELED
	}
	o.buf, o.mem = nil, nil
	o.state.Store(opIdle)
	return r
}

// Await parks until the operation is done, or until d interrupts: then the error is d's and the
// operation is still in flight. A result that is there beats an interruption.
func (o *Op) Await(d *Deadline) error {
	for !o.Done() {
		if err := d.interruption(); err != nil {
			return err
		}
		o.fut.Wait()
	}
	return nil
}

// CancelAndAwait cancels the operation and parks until it is done. The result says what really happened: it may be
// a success. When it returns, the kernel has dropped its reference to the file, so that a close(2) which follows is the
// end of the socket.
func (o *Op) CancelAndAwait() {
	w := o.w
	if w.cancel(o) {
		return // the kernel never had it
	}
	for !o.Done() {
		if o.cancelFailed.Swap(false) {
			w.cancel(o)
			continue
		}
		o.fut.Wait()
	}
	w.barrier()
}

// Settle returns when the kernel has dropped its reference to the file of the last operation, which is done: a completion is
// posted before that.
func (o *Op) Settle() {
	if o.w != nil {
		o.w.barrier()
	}
}

// Recv starts a receive into p.
func (o *Op) Recv(fd int, p []byte) {
	w, sqe := o.start(p)
	ring.PrepRecv(sqe, int32(fd), p, !o.inCrowd || !w.ready.likely())
	w.submit(o, sqe)
}

// RecvPooled starts a receive of up to size bytes, at most BufferSize, into a buffer of the pool of the ring that
// runs it. It fails with ENOBUFS if data comes when the pool is empty.
func (o *Op) RecvPooled(fd, size int) {
	w, sqe := o.start(nil)
	ring.PrepRecvPooled(sqe, int32(fd), uint32(size), bufferGroup)
	w.submit(o, sqe)
}

// Send starts a send of p with the MSG_* flags given.
func (o *Op) Send(fd int, p []byte, flags int) {
	w, sqe := o.start(p)
	ring.PrepSend(sqe, int32(fd), p, uint32(flags))
	w.submit(o, sqe)
}

// Accept starts an accept of one connection; the new socket is close-on-exec and non-blocking.
func (o *Op) Accept(fd int) {
	w, sqe := o.start(nil)
	ring.PrepAccept(sqe, int32(fd), syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK)
	w.submit(o, sqe)
}

// Connect starts a connect to the encoded struct sockaddr.
func (o *Op) Connect(fd int, sockaddr []byte) {
	w, sqe := o.start(sockaddr)
	ring.PrepConnect(sqe, int32(fd), sockaddr)
	w.submit(o, sqe)
}

// Poll waits until one of the POLL* events holds.
func (o *Op) Poll(fd int, events uint32) {
	w, sqe := o.start(nil)
	ring.PrepPoll(sqe, int32(fd), events)
	w.submit(o, sqe)
}

// start stages an entry on the current ring, whose lock is held when it returns; submit releases it.
func (o *Op) start(mem []byte) (*worker, *ring.SQE) { return o.startOn(current(), mem) }

func (o *Op) startOn(w *worker, mem []byte) (*worker, *ring.SQE) {
	if o.state.Load() != opIdle {
		o.illegal("start")
	}
	sqe, index := w.lockWithEntry()
	o.w, o.sqIndex, o.mem = w, index, mem
	o.canceled, o.nonEmpty, o.res = false, false, 0
	o.cancelFailed.Store(false)
	o.state.Store(opInFlight)
	return w, sqe
}

// complete stores the final result. The reaper calls it, under the lock of the worker.
func (o *Op) complete(cqe *ring.CQE, buf *Buffer) {
	if o.state.Load() != opInFlight {
		o.illegal("complete")
	}
	o.res, o.buf = cqe.Res, buf
	o.nonEmpty = cqe.Flags&ring.CQESockNonEmpty != 0
	o.state.Store(opDone)
}

func (o *Op) illegal(what string) {
	panic(fmt.Sprintf("uringnet: cannot %s: the operation is %s, user_data %#x", what, opStateNames[o.state.Load()], o.userData))
}
