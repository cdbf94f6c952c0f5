//go:build linux

package sched

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
	"golang.org/x/sys/unix"
)

const (
	sqEntries = 1024
	cqEntries = 8192 // two for each of 4096 connections; beyond that the kernel keeps an overflow list

	// reapBatch bounds how many goroutines one pass readies: the local run queue of a P holds 256, and what
	// spills into the global queue starves.
	reapBatch = 128
)

// worker is one ring with its completer.
type worker struct {
	ring *ring.Ring
	file *os.File // the ring's file descriptor in the runtime's poller
	conn syscall.RawConn

	// mu guards the submission side: staging and publishing entries, the table, the buffer pool, the turns and awake.
	mu    sync.Mutex
	turns turns
	table table
	pool  pool
	// awake counts the completer and the flusher while they run, or will run: they flush what is staged, and give turns.
	awake   int
	flusher Future
	ready   readiness

	// reapMu guards the completion side. It is taken before mu.
	reapMu sync.Mutex
	batch  [reapBatch]ring.CQE
	wake   []*Future

	patience time.Duration // it does not change, but in tests

	judgement judgement
	counters  counters
}

// counters are read without a lock.
type counters struct {
	_ [64]byte // a cache line of their own for those that every receive counts in

	// arrivals is how many receives had to wait and have ended, but for those of streams in the poller. All completions are taken for receives.
	arrivals atomic.Uint64

	watched  atomic.Uint64 // receives that waited in the runtime's poller
	streamed atomic.Uint64 // the same, of streams
	turns    atomic.Uint64 // receives that waited only for others to have their turn
	lucky    atomic.Uint64 // receives that waited only for others that were let go first
	misses   atomic.Uint64 // turns after which there was nothing to receive
	known    atomic.Uint64 // receives of which it is known after how many others they came
	large    atomic.Uint64 // those after largeInVain or more
	huge     atomic.Uint64 // those after largeFrom or more

	submissions, enters, ready, cqes, batches, parks, cancels, withdrawn, overflows, noBuffers, stale atomic.Uint64
}

// readiness estimates how many requests can be completed at once when they reach the kernel: under load their data has come
// while they were staged. It counts the completions that appear during a submission, old ones forgotten by and by.
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

// newWorker makes a ring and its goroutines. If the kernel is to poll the rings, its thread for the ring of first, which may be
// nil, polls this one too.
func newWorker(first *worker) (*worker, error) {
	cfg := ring.Config{SQEntries: sqEntries, CQEntries: cqEntries}
	var err error
	if cfg.PollIdle, err = pollIdle(); err != nil {
		return nil, err
	}
	if first != nil {
		cfg.PollWith = first.ring
	}
	r, err := ring.New(cfg)
	if err != nil {
		return nil, err
	}
	w := &worker{ring: r, patience: patience}
	if err := w.pool.register(r); err != nil {
		r.Close()
		return nil, err
	}
	// The runtime's poller takes non-blocking files only.
	if err := unix.SetNonblock(r.FD(), true); err != nil {
		r.Close()
		return nil, os.NewSyscallError("fcntl", err)
	}
	w.file = os.NewFile(uintptr(r.FD()), "io_uring")
	// From here on the file owns the descriptor: its cleanup would close the number again, whoever has it then.
	if err := w.file.SetReadDeadline(time.Time{}); err != nil {
		w.file.Close()
		r.Unmap()
		return nil, fmt.Errorf("the runtime's poller does not take an io_uring: %w", err)
	}
	if w.conn, err = w.file.SyscallConn(); err != nil {
		w.file.Close()
		r.Unmap()
		return nil, err
	}
	w.pool.grow(w)
	go w.completer()
	go w.flushing()
	return w, nil
}

// lockWithEntry locks mu and stages an entry.
func (w *worker) lockWithEntry() (*ring.SQE, uint64) {
	w.mu.Lock()
	for {
		if sqe, index := w.ring.SQ.Next(); sqe != nil {
			return sqe, index
		}
		w.mu.Unlock()
		w.flush()
		if w.ring.Polled() {
			w.awaitRoom()
		}
		w.mu.Lock()
	}
}

// awaitRoom returns when the kernel's thread has taken entries from the full queue of a polled ring.
func (w *worker) awaitRoom() {
	if errno := w.ring.AwaitRoom(); errno != 0 && errno != syscall.EINTR {
		panic(fmt.Sprintf("uringnet: waiting for room in a polled ring: %v", errno))
	}
}

// submit enters o into the table, unlocks mu and sees to it that the entry is flushed:
//
//	by the completer or the flusher, if one of them runs anyway;
//	by the flusher, if o's last completion came with others: their goroutines run now too, and stage more;
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

// cancel asks the kernel to end the operation, or takes its entry back if the kernel has not seen it, and reports
// whether it did the latter.
func (w *worker) cancel(o *Op) (withdrawn bool) {
	w.mu.Lock()
	if !o.InFlight() {
		w.mu.Unlock()
		return false
	}
	o.canceled = true
	if w.ring.SQ.Withdraw(o.sqIndex) {
		w.table.remove(o.userData)
		o.complete(&ring.CQE{Res: -int32(syscall.ECANCELED)}, nil)
		w.mu.Unlock()
		w.counters.withdrawn.Add(1)
		return true
	}
	w.mu.Unlock()

	sqe, _ := w.lockWithEntry()
	ring.PrepCancel(sqe, o.userData)
	sqe.SetUserData(o.userData | cancelMark)
	w.mu.Unlock()
	w.counters.cancels.Add(1)
	w.flush()
	// The cancelled request completes as soon as the thread that armed it leaves the kernel, which is now if it is ours.
	if w.reapMu.TryLock() {
		w.reapLocked()
		w.seeToTurns()
	}
	return false
}

// barrier returns when the kernel has let go of what completed requests held. It posts a completion before it drops the
// request's reference to the file, and does both under the ring's lock; a request that is submitted now waits for that lock.
func (w *worker) barrier() {
	if w.ring.Polled() {
		w.awaitNop()
		return
	}
	sqe, _ := w.lockWithEntry()
	ring.PrepSilentNop(sqe)
	w.mu.Unlock()
	w.flush()
}

// awaitNop returns when the kernel's thread, which takes one request after the other, has come to one that is submitted now.
func (w *worker) awaitNop() {
	var f Future
	o := new(Op)
	o.Init(&f)
	_, sqe := o.startOn(w, nil)
	ring.PrepNop(sqe)
	w.submit(o, sqe)
	for !o.Done() {
		f.Wait()
	}
	o.Take()
}

// flush hands everything that is staged to the kernel and reports whether there was anything.
func (w *worker) flush() bool {
	w.mu.Lock()
	staged := w.ring.SQ.Staged()
	w.ring.SQ.Publish()
	n := w.ring.SQ.Unconsumed()
	w.mu.Unlock()
	w.counters.submissions.Add(uint64(staged))
	if w.ring.Polled() {
		if staged > 0 {
			w.enter(n)
		}
		return staged > 0
	}
	if n == 0 {
		return false
	}
	// Another thread may hand over our entries, or we its: both ask for all that is left, and the kernel stops at the tail.
	for n > 0 {
		before := w.ring.CQ.Tail()
		w.enter(n)
		there := min(n, w.ring.CQ.Tail()-before)
		w.counters.ready.Add(uint64(there))
		w.mu.Lock()
		w.ready.note(n, there)
		n = w.ring.SQ.Unconsumed()
		w.mu.Unlock()
	}
	return true
}

func (w *worker) enter(n uint32) {
	w.counters.enters.Add(1)
	switch errno := w.ring.Enter(n); errno {
	case 0, syscall.EINTR:
	case syscall.EAGAIN, syscall.EBUSY, syscall.ENOMEM:
		// The kernel has no memory for requests, or wants its overflown completions to be reaped first: room
		// comes from reaping and from letting others run.
		w.ring.FlushOverflow()
		w.reap()
		w.seeToTurns()
		yield()
	default:
		panic(fmt.Sprintf("uringnet: io_uring_enter of %d entries: %v", n, errno))
	}
}
