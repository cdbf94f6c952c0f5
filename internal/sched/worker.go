//go:build linux

package sched

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
)

const (
	// The kernel charges the queues to RLIMIT_MEMLOCK, of which a user has 8 MiB under systemd: a
	// ring takes 84 KiB. What does not fit into the completion queue waits in a list of the
	// kernel's.
	sqEntries = 256
	cqEntries = 4096

	// reapBatch bounds how many goroutines one pass readies: the local run queue of a P holds 256,
	// and what spills into the global queue starves.
	reapBatch = 128
)

// worker is what a group of Ps shares: the queue of turns, the counters, and a ring, once it needs
// one.
//
//	new      Nothing but the counters is used. The first turn, or the first receive on a ring ->
//	         started.
//	started  Its flusher runs, or will run, when there is something to do; see completer.go.
type worker struct {
	// mu guards the submission side of the ring: staging and publishing entries, and the table;
	// the turns, awake, and started.
	mu      sync.Mutex
	turns   turns
	table   table[Op]
	awake   int // the completer and the flusher, while they run or will run; see completer.go
	started bool
	flusher Future
	ready   readiness

	// ringed is nil until receives are to wait on a ring, and does not change then. It is stored
	// after the ring is made, under groups.making.
	ringed  atomic.Pointer[ringed]
	nextTry atomic.Int64 // by nanotime: when to try for a ring again after there was none to be had

	pollRound pollRound // what the flusher waits for without a ring

	// reapMu guards the completion side of the ring. It is taken before mu.
	reapMu sync.Mutex
	batch  [reapBatch]ring.CQE
	wake   []*Future

	patience time.Duration // it does not change, but in tests

	wasted   wastedTurns
	counters counters
}

// ringed is a ring, and the runtime's descriptor for it: the completer waits there. It is never
// closed.
type ringed struct {
	*ring.Ring
	pd uintptr
}

// readiness estimates how many requests can be completed at once when they reach the kernel: under
// load their data has come while they were staged. It counts the completions that appear during a
// submission, old ones forgotten by and by.
type readiness struct {
	submitted, completed uint32
}

func (r *readiness) note(submitted, completed uint32) {
	r.submitted += submitted
	r.completed += completed
	if r.submitted >= 1024 {
		r.submitted /= 2
		r.completed /= 2
	}
}

// likely reports whether it is worth while to try a receive before waiting for data.
func (r *readiness) likely() bool { return r.completed > r.submitted/4 }

// ringConfig is what rings for sockets are made with.
func ringConfig() ring.Config {
	return ring.Config{SQEntries: sqEntries, CQEntries: cqEntries, SQPollIdle: sqpollIdle}
}

// Memlock says what RLIMIT_MEMLOCK means for the rings of this machine.
func Memlock() (ring.Memlock, error) { return ring.MemlockOf(ringConfig()) }

// Warnings says what is known to be wrong with the io_uring of this kernel.
func Warnings() []string { return ring.Warnings() }

// newRinged makes a ring. With SQPOLL the thread of the kernel that serves first, unless that is
// nil, serves this ring too.
func newRinged(first *ringed) (*ringed, error) {
	cfg := ringConfig()
	if first != nil && cfg.SQPollIdle > 0 {
		cfg.SQPollOf = first.Ring
	}
	r, err := outside.NewRing(cfg)
	if err != nil {
		return nil, err
	}
	pd, errno := outside.Poller.Open(uintptr(r.FD()))
	if errno != 0 {
		r.Close()
		return nil, fmt.Errorf("the runtime's poller does not take an io_uring: %w", syscall.Errno(errno))
	}
	return &ringed{r, pd}, nil
}

// start starts the flusher. mu is held.
func (w *worker) start() {
	if !w.started {
		w.started = true
		outside.Spawn(w.flushing)
	}
}

// ring is the worker's ring, or nil.
func (w *worker) ring() *ring.Ring {
	if r := w.ringed.Load(); r != nil {
		return r.Ring
	}
	return nil
}

// lockWithEntry locks mu and stages an entry.
func (w *worker) lockWithEntry() (*ring.SQE, uint64) {
	w.mu.Lock()
	for {
		if sqe, index := w.ring().SQ.Next(); sqe != nil {
			return sqe, index
		}
		w.mu.Unlock()
		w.flush()
		if w.ring().SQPoll() {
			w.awaitRoom()
		}
		w.mu.Lock()
	}
}

// awaitRoom returns when the kernel's thread has taken entries from the full queue of a ring with
// SQPOLL.
func (w *worker) awaitRoom() {
	if errno := w.ring().AwaitRoom(); errno != 0 && errno != syscall.EINTR {
		panic(fmt.Sprintf("uringnet: waiting for room in a ring with SQPOLL: %v", errno))
	}
}

// submit enters o into the table, unlocks mu and sees to it that the entry is flushed:
//
//	by the completer or the flusher, if one of them runs anyway;
//	by the flusher, if o's last completion came with others: their goroutines run now too, and
//	stage more;
//	at once, if o is alone.
func (w *worker) submit(o *Op, sqe *ring.SQE) {
	o.userData = w.table.insert(o)
	sqe.SetUserData(o.userData)
	switch {
	case w.awake > 0:
		w.mu.Unlock()
	case o.inCrowd:
		w.wakeFlusherIf(true)
	default:
		w.mu.Unlock()
		w.flush()
	}
}

// cancel asks the kernel to end the operation, or takes its entry back if the kernel has not seen
// it, and reports whether it did the latter.
func (w *worker) cancel(o *Op) (withdrawn bool) {
	w.mu.Lock()
	if !o.InFlight() {
		w.mu.Unlock()
		return false
	}
	if w.ring().SQ.Withdraw(o.sqIndex) {
		w.table.remove(o.userData)
		o.complete(&ring.CQE{Res: -int32(syscall.ECANCELED)})
		w.mu.Unlock()
		w.counters.Withdrawn.Add(1)
		return true
	}
	w.mu.Unlock()

	sqe, _ := w.lockWithEntry()
	ring.PrepCancel(sqe, o.userData)
	sqe.SetUserData(o.userData | cancelMark)
	w.mu.Unlock()
	w.counters.Cancels.Add(1)
	w.flush()
	// The cancelled request completes as soon as the thread that armed it leaves the kernel, which
	// is now if it is ours.
	if w.reapMu.TryLock() {
		w.reapLocked()
		w.ensureTurnsServed()
	}
	return false
}

// barrier returns when the kernel has let go of what completed requests held. It posts a completion
// before it drops the request's reference to the file, and does both under the ring's lock; a
// request that is submitted now waits for that lock.
func (w *worker) barrier() {
	if w.ring().SQPoll() {
		w.awaitNop()
		return
	}
	sqe, _ := w.lockWithEntry()
	ring.PrepSilentNop(sqe)
	w.mu.Unlock()
	w.flush()
}

// awaitNop returns when the kernel's thread, which takes one request after the other, has come to
// one that is submitted now.
func (w *worker) awaitNop() {
	o := &Op{fut: new(Future)}
	_, sqe := o.startOn(w, nil)
	ring.PrepNop(sqe)
	w.submit(o, sqe)
	for !o.Done() {
		o.fut.Wait()
	}
	o.Take()
}

// flush hands everything that is staged to the kernel and reports whether there was anything.
func (w *worker) flush() bool {
	r := w.ring()
	if r == nil {
		return false
	}
	w.mu.Lock()
	staged := r.SQ.Staged()
	r.SQ.Publish()
	n := r.SQ.Unconsumed()
	w.mu.Unlock()
	w.counters.Submissions.Add(uint64(staged))
	if r.SQPoll() {
		if staged > 0 {
			w.enter(r, n)
		}
		return staged > 0
	}
	if n == 0 {
		return false
	}
	// Another thread may hand over our entries, or we its: both ask for all that is left, and the
	// kernel stops at the tail.
	for n > 0 {
		before := r.CQ.Tail()
		w.enter(r, n)
		there := min(n, r.CQ.Tail()-before)
		w.counters.Ready.Add(uint64(there))
		w.mu.Lock()
		w.ready.note(n, there)
		n = r.SQ.Unconsumed()
		w.mu.Unlock()
	}
	return true
}

func (w *worker) enter(r *ring.Ring, n uint32) {
	w.counters.Enters.Add(1)
	switch errno := r.Enter(n); errno {
	case 0, syscall.EINTR:
	case syscall.EAGAIN, syscall.EBUSY, syscall.ENOMEM:
		// The kernel has no memory for requests, or wants its overflown completions to be reaped
		// first: room comes from reaping and from letting others run.
		r.FlushOverflow()
		w.reap()
		w.ensureTurnsServed()
		goyield()
	default:
		panic(fmt.Sprintf("uringnet: io_uring_enter of %d entries: %v", n, errno))
	}
}
