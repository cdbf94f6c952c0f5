//go:build linux

package ring

import (
	"errors"
	"fmt"
	"syscall"

	sys "github.com/iceber/iouring-go/syscall"
)

// NoUserData marks requests whose completion nobody waits for.
const NoUserData = ^uint64(0)

// Ring is one io_uring instance.
type Ring struct {
	SQ SQ
	CQ CQ

	fd      int
	k       Kernel
	flags   uint32
	use     Use
	rings   []byte // both queues; mapped
	entries []byte // the SQEs; mapped
}

// FD is the ring's file descriptor; it is readable, for poll(2), while completions wait.
func (r *Ring) FD() int { return r.fd }

// Sizes are how many entries the queues have: what New was asked for, rounded up to powers of
// two, or less if there was no memory for it.
func (r *Ring) Sizes() (submission, completion int) { return len(r.SQ.sqes), len(r.CQ.cqes) }

// Memory is how many bytes are shared with the kernel.
func (r *Ring) Memory() int { return wholePages(len(r.rings)) + wholePages(len(r.entries)) }

// SQPoll reports whether a thread of the kernel (IORING_SETUP_SQPOLL) takes the published entries,
// some time after they were published.
func (r *Ring) SQPoll() bool { return r.flags&sys.IORING_SETUP_SQPOLL != 0 }

// Enter hands n published entries to the kernel, or sees to it that its thread is awake and takes
// them. EAGAIN and EBUSY mean that it could not take them all now: they stay published. It may be
// called by several threads at once.
func (r *Ring) Enter(n uint32) syscall.Errno {
	if r.SQPoll() {
		if !r.SQ.needsWakeup() {
			return 0
		}
		_, errno := r.k.Enter(r.fd, n, sys.IORING_ENTER_FLAGS_SQ_WAKEUP)
		return errno
	}
	_, errno := r.k.Enter(r.fd, n, 0)
	return errno
}

// EnterAndWait hands n published entries to the kernel, and waits until there is a completion. Its
// errors are those of Enter: then it has not waited.
func (r *Ring) EnterAndWait(n uint32) syscall.Errno { return r.k.EnterAndWait(r.fd, n) }

// AwaitRoom returns when the submission queue of a ring with SQPOLL is not full any
// more.
func (r *Ring) AwaitRoom() syscall.Errno {
	const flags = sys.IORING_ENTER_FLAGS_SQ_WAIT | sys.IORING_ENTER_FLAGS_SQ_WAKEUP
	_, errno := r.k.Enter(r.fd, 0, flags)
	return errno
}

// FlushOverflow makes the kernel move completions that did not fit into the completion queue, and
// run the completions that wait for the calling thread.
func (r *Ring) FlushOverflow() syscall.Errno {
	_, errno := r.k.Enter(r.fd, 0, enterGetEvents)
	return errno
}

// Close frees the ring. Requests in flight are cancelled by the kernel; nobody learns of their end.
func (r *Ring) Close() error { return errors.Join(r.k.Close(r.fd), r.Unmap()) }

// Unmap frees the ring's memory, for an owner that has closed the file descriptor itself.
func (r *Ring) Unmap() (err error) {
	for _, mem := range [][]byte{r.rings, r.entries} {
		if mem != nil {
			err = errors.Join(err, r.k.Munmap(mem))
		}
	}
	r.rings, r.entries = nil, nil
	return err
}

func (r *Ring) mapQueues(p *Params) (err error) {
	size := max(p.SQOffset.Array+p.SQEntries*4, p.CQOffset.Cqes+p.CQEntries*16)
	if r.rings, err = r.k.Mmap(r.fd, sys.IORING_OFF_SQ_RING, int(size)); err != nil {
		return fmt.Errorf("mapping an io_uring: %w", err)
	}
	if r.entries, err = r.k.Mmap(r.fd, sys.IORING_OFF_SQES, int(p.SQEntries)*64); err != nil {
		return fmt.Errorf("mapping an io_uring: %w", err)
	}
	r.SQ = SQ{
		kHead:  word(r.rings, p.SQOffset.Head),
		kTail:  word(r.rings, p.SQOffset.Tail),
		kFlags: word(r.rings, p.SQOffset.Flags),
		sqes:   sqesOf(r.entries, p.SQEntries),
		mask:   p.SQEntries - 1,
	}
	r.CQ = CQ{
		kHead: word(r.rings, p.CQOffset.Head),
		kTail: word(r.rings, p.CQOffset.Tail),
		cqes:  cqesOf(r.rings, p.CQOffset.Cqes, p.CQEntries),
		mask:  p.CQEntries - 1,
	}
	if p.Flags&setupNoSQArray == 0 {
		// Slot i always holds entry i: the indirection of older kernels is filled once.
		for i := range p.SQEntries {
			*word(r.rings, p.SQOffset.Array+4*i) = i
		}
	}
	return nil
}
