//go:build linux

package simulation

import (
	"encoding/binary"
	"runtime"
	"sync/atomic"
	"syscall"

	sys "github.com/iceber/iouring-go/syscall"
	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/ring"
)

// kernel is a ring.Kernel that does what the world's seed says. Its sockets are those of the
// running kernel.
type kernel struct{ w *world }

// fakeRing is the kernel's side of one ring.
type fakeRing struct {
	w  *world
	fd int // of no file

	// What is shared with the other side.
	rings, entries          []byte
	sqHead, sqTail, sqFlags *atomic.Uint32
	cqHead, cqTail          *atomic.Uint32
	sq, cq                  uint32 // how many entries
	array                   uint32 // offset of the indirection of older kernels, or 0

	requests []*request    // those whose completion has not been posted
	waiter   chan struct{} // closed when a completion comes, or nil
	overflow []ring.CQE    // completions that found no room
	again    []ring.CQE    // completions that will be posted again, which is wrong of a kernel
	held     []int         // files of requests that are over
	refused  int           // how many calls in a row have failed
	forFiles bool          // no more completions come than there is room for
}

// Where things are in the memory of the queues, and flags that package ring does not export.
const (
	sqHeadAt, sqTailAt, sqFlagsAt = 0, 64, 128
	cqHeadAt, cqTailAt, cqesAt    = 192, 256, 320

	setupNoSQArray = 1 << 16
	skipSuccess    = 1 << 6
	cqOverflow     = 1 << 1
	getEvents      = 1 << 0
	pollFirst      = 1 << 0
)

// fakeFD is where the numbers of rings begin, far above those of files.
const fakeFD = 1 << 20

func (k kernel) Setup(entries uint32, p *ring.Params) (int, error) {
	w := k.w
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.plan.faults
	if f.OldKernel && p.Flags&(setupNoSQArray|sys.IORING_SETUP_COOP_TASKRUN) != 0 {
		return -1, syscall.EINVAL
	}
	if f.NoRing {
		return -1, syscall.ENOMEM
	}
	r := &fakeRing{w: w, fd: fakeFD + len(w.rings), sq: w.plan.setting.Queue, cq: 2 * w.plan.setting.Queue}
	size := cqesAt + 16*r.cq
	if p.Flags&setupNoSQArray == 0 {
		r.array = size
		size += 4 * r.sq
	}
	r.rings, r.entries = make([]byte, size), make([]byte, 64*r.sq)
	r.sqHead, r.sqTail, r.sqFlags = word(r.rings, sqHeadAt), word(r.rings, sqTailAt), word(r.rings, sqFlagsAt)
	r.cqHead, r.cqTail = word(r.rings, cqHeadAt), word(r.rings, cqTailAt)
	p.SQEntries, p.CQEntries, p.Features = r.sq, r.cq, ^uint32(0)
	p.SQOffset.Head, p.SQOffset.Tail, p.SQOffset.Flags = sqHeadAt, sqTailAt, sqFlagsAt
	p.SQOffset.Array = r.array
	p.CQOffset.Head, p.CQOffset.Tail, p.CQOffset.Cqes = cqHeadAt, cqTailAt, cqesAt
	w.rings = append(w.rings, r)
	return r.fd, nil
}

func (k kernel) Mmap(fd int, offset uint64, size int) ([]byte, error) {
	r := k.ring(fd)
	if offset == sys.IORING_OFF_SQES {
		return r.entries[:size], nil
	}
	return r.rings[:size], nil
}

func (k kernel) ring(fd int) *fakeRing {
	k.w.mu.Lock()
	defer k.w.mu.Unlock()
	return k.w.rings[fd-fakeFD]
}

func (kernel) Munmap([]byte) error                    { return nil }
func (kernel) Restrict(int, []ring.Restriction) error { return nil }
func (kernel) LimitWorkers(int, uint32) error         { return nil }
func (kernel) Enable(int) error                       { return nil }
func (kernel) Close(int) error                        { return nil }

func (k kernel) Enter(fd int, toSubmit, flags uint32) (int, syscall.Errno) {
	r, w := k.ring(fd), k.w
	w.pause("before enter")
	w.mu.Lock()
	n, errno := r.enter(toSubmit, flags)
	w.mu.Unlock()
	w.pause("after enter")
	return n, errno
}

func (k kernel) EnterAndWait(fd int, toSubmit uint32) syscall.Errno {
	r, w := k.ring(fd), k.w
	w.pause("before enter")
	w.mu.Lock()
	n, errno := r.enter(toSubmit, getEvents)
	for errno == 0 && uint32(n) == toSubmit && !r.readable() {
		if w.ending {
			w.mu.Unlock()
			runtime.Goexit()
		}
		if w.fault(w.plan.disk.Interrupts, 8) {
			errno = syscall.EINTR
			break
		}
		came := make(chan struct{})
		r.waiter = came
		w.mu.Unlock()
		<-came
		w.mu.Lock()
	}
	w.mu.Unlock()
	w.pause("after enter")
	return errno
}

// wake wakes the thread that waits for a completion. mu is held.
func (r *fakeRing) wake() {
	if r.waiter != nil {
		close(r.waiter)
		r.waiter = nil
	}
}

// enter is io_uring_enter, with mu held.
func (r *fakeRing) enter(toSubmit, flags uint32) (int, syscall.Errno) {
	w := r.w
	if toSubmit > 0 && r.refused < 3 && w.fault(w.plan.faults.Errnos, 3) {
		r.refused++
		errnos := []syscall.Errno{syscall.EAGAIN, syscall.EBUSY, syscall.ENOMEM, syscall.EINTR}
		errno := errnos[w.rng.IntN(len(errnos))]
		w.note("enter of %d: %v", toSubmit, errno)
		return -1, errno
	}
	if toSubmit > 0 {
		r.refused = 0
	}
	taken := uint32(0)
	head, tail := r.sqHead.Load(), r.sqTail.Load()
	if tail-head > r.sq {
		w.failf("the submission queue of %d entries has %d", r.sq, tail-head)
		return 0, 0
	}
	if taken < toSubmit && head != tail {
		r.dropFiles() // whoever completed them had the ring's lock, which is ours now
	}
	for ; taken < toSubmit && head != tail; taken++ {
		if taken > 0 && w.fault(w.plan.faults.Short, 2) {
			break
		}
		slot := head & (r.sq - 1)
		if r.array != 0 {
			slot = word(r.rings, r.array+4*slot).Load()
		}
		sqe := r.entries[64*slot : 64*slot+64]
		head++
		r.take(sqe)
		r.sqHead.Store(head)
	}
	if flags&getEvents != 0 {
		r.flushOverflow()
	}
	return int(taken), 0
}

// take takes a request. mu is held.
func (r *fakeRing) take(sqe []byte) {
	userData := binary.NativeEndian.Uint64(sqe[32:])
	silent := sqe[1]&skipSuccess != 0
	switch sqe[0] {
	case sys.IORING_OP_NOP:
		r.w.note("nop %#x", userData)
		if !silent {
			r.post(ring.CQE{UserData: userData})
		}
	case sys.IORING_OP_RECV:
		r.receive(&request{
			userData: userData,
			fd:       int(int32(binary.NativeEndian.Uint32(sqe[4:]))),
			address:  binary.NativeEndian.Uint64(sqe[16:]),
			length:   int(binary.NativeEndian.Uint32(sqe[24:])),
			waits:    binary.NativeEndian.Uint16(sqe[2:])&pollFirst != 0,
		})
	case sys.IORING_OP_READ:
		r.fileRequest(sqe)
	case sys.IORING_OP_ASYNC_CANCEL:
		if res := r.cancel(binary.NativeEndian.Uint64(sqe[16:])); res < 0 || !silent {
			r.post(ring.CQE{UserData: userData, Res: res})
		}
	default:
		r.w.failf("a request with opcode %d", sqe[0])
	}
}

// post posts a completion. mu is held.
func (r *fakeRing) post(c ring.CQE) {
	r.w.note("completion %#x: %d, flags %#x", c.UserData, c.Res, c.Flags)
	if len(r.overflow) > 0 || !r.store(c) {
		r.overflow = append(r.overflow, c)
		r.sqFlags.Store(cqOverflow)
	}
	r.wake()
	for _, d := range r.w.descs {
		if d.fd == r.fd {
			d.pendingEdge = true
		}
	}
}

// store puts a completion into the queue, if there is room. mu is held.
func (r *fakeRing) store(c ring.CQE) bool {
	tail := r.cqTail.Load()
	if r.isFull() {
		return false
	}
	cqe := r.rings[cqesAt+16*(tail&(r.cq-1)):]
	binary.NativeEndian.PutUint64(cqe, c.UserData)
	binary.NativeEndian.PutUint32(cqe[8:], uint32(c.Res))
	binary.NativeEndian.PutUint32(cqe[12:], c.Flags)
	r.cqTail.Store(tail + 1)
	return true
}

func (r *fakeRing) isFull() bool { return r.cqTail.Load()-r.cqHead.Load() >= r.cq }

func (r *fakeRing) flushOverflow() {
	for len(r.overflow) > 0 && r.store(r.overflow[0]) {
		r.overflow = r.overflow[1:]
	}
	if len(r.overflow) == 0 {
		r.sqFlags.Store(0)
	}
}

// readable reports whether poll(2) would find the ring readable. mu is held.
func (r *fakeRing) readable() bool {
	return r.cqTail.Load() != r.cqHead.Load() || len(r.overflow) > 0
}

// dropFiles drops the files of requests that are over. mu is held.
func (r *fakeRing) dropFiles() {
	for _, fd := range r.held {
		unix.Close(fd)
	}
	r.held = r.held[:0]
}
