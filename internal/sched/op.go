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

// Op is one request and the place where its result arrives. It must live on the heap, where it
// keeps the request's memory reachable, and Init must be called before anything else.
type Op struct {
	fut *Future

	// state is opDone only after res and nonEmpty are written: the reaper stores it, the owner
	// loads it.
	state    atomic.Uint32
	res      int32
	inCrowd  bool // the last completion was reaped together with others
	nonEmpty bool // the socket had more to read

	// Written by the owner when it starts the request, under worker.mu.
	w        *worker
	sqIndex  uint64
	userData uint64
	mem      []byte // what the kernel may read or write until the final completion

	// cancelFailed is stored by the reaper before it notifies; the owner, waiting for the end of a
	// cancelled operation, loads it and cancels again.
	cancelFailed atomic.Bool
}

// Init names the side whose owner starts the operation, and waits for it.
func (o *Op) Init(s *PollSide) { o.fut = &s.fut }

// InFlight reports whether the kernel may still complete the operation. A false result is final
// until the owner starts it again.
func (o *Op) InFlight() bool { return o.state.Load() == opInFlight }

// Done reports whether a result waits to be taken.
func (o *Op) Done() bool { return o.state.Load() == opDone }

// Result is what an operation came to.
type Result struct {
	N        int           // the count, if Errno is 0
	Errno    syscall.Errno // 0 for success
	NonEmpty bool          // the socket had more to read
}

// Take returns the result of an operation that is done and makes it idle.
func (o *Op) Take() Result {
	if o.state.Load() != opDone {
		o.illegal("take the result")
	}
	r := Result{N: int(o.res), NonEmpty: o.nonEmpty}
	if o.res < 0 {
		r.N, r.Errno = 0, syscall.Errno(-o.res)
	}
	o.mem = nil
	o.state.Store(opIdle)
	return r
}

// Await parks until the operation is done, or until it has to be cancelled, which the error says;
// the operation is still in flight then. A result that is there beats an interruption.
func (o *Op) Await(s *PollSide) error {
	for !o.Done() {
		if err := s.mustLeaveRing(); err != nil {
			return err
		}
		region := beginRegion(onRingRegion)
		s.fut.Wait()
		endRegion(region)
	}
	return nil
}

// CancelAndAwait cancels the operation and parks until it is done. The result says what really
// happened: it may be a success. The kernel may still hold the file; see AwaitRelease.
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
		region := beginRegion(cancelRegion)
		o.fut.Wait()
		endRegion(region)
	}
}

// Recv starts a receive into p. Placement.OnRing has reported that there is a ring.
func (o *Op) Recv(fd int, p []byte) {
	w, sqe := o.start(p)
	ring.PrepRecv(sqe, int32(fd), p, !o.inCrowd || !w.ready.likely())
	w.submit(o, sqe)
}

// start stages an entry on a ring near the caller, whose lock is held when it returns; submit
// releases it.
func (o *Op) start(mem []byte) (*worker, *ring.SQE) { return o.startOn(nearestRing(), mem) }

func (o *Op) startOn(w *worker, mem []byte) (*worker, *ring.SQE) {
	if o.state.Load() != opIdle {
		o.illegal("start")
	}
	sqe, index := w.lockWithEntry()
	o.w, o.sqIndex, o.mem = w, index, mem
	o.nonEmpty, o.res = false, 0
	o.cancelFailed.Store(false)
	o.state.Store(opInFlight)
	return w, sqe
}

// complete stores the final result. The reaper calls it, under the lock of the worker.
func (o *Op) complete(cqe *ring.CQE) {
	if o.state.Load() != opInFlight {
		o.illegal("complete")
	}
	o.res = cqe.Res
	o.nonEmpty = cqe.Flags&ring.CQESockNonEmpty != 0
	o.state.Store(opDone)
}

func (o *Op) illegal(what string) {
	panic(fmt.Sprintf("uringnet: cannot %s: the operation is %s, user_data %#x",
		what, opStateNames[o.state.Load()], o.userData))
}

// AwaitRelease returns when the kernel has let go of the files of receives that are done, so that a
// close(2) which follows is the end of the socket. The owner calls it, while nothing is in flight.
// It costs one io_uring_enter if there has been a receive.
func (o *Op) AwaitRelease() {
	if o.w != nil {
		o.w.barrier()
	}
}
