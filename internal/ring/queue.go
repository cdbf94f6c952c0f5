//go:build linux

package ring

import (
	"sync/atomic"

	sys "github.com/iceber/iouring-go/syscall"
)

// SQ is the submission queue over memory that is shared with the kernel, or that a test hands it.
//
// An entry is free, staged, published or consumed, in this order:
//
//	free       index >= tail                 belongs to nobody
//	staged     published <= index < tail     written; unseen by the kernel, can be withdrawn
//	published  kHead <= index < published    the next io_uring_enter takes it
//	consumed   index < kHead                 the kernel has copied it: free again
//
// An index counts all entries since the start; the slot is index & mask, and the kernel sees its
// lower 32 bits.
type SQ struct {
	kHead     *uint32 // written by the kernel
	kTail     *uint32 // written by us; pairs with the acquire of sq.tail in io_sqring_entries
	kFlags    *uint32 // written by the kernel
	sqes      []SQE
	mask      uint32
	published uint64
	tail      uint64
}

// Next returns a zeroed free entry and its index, or nil if the queue is full. The entry is
// staged by it.
func (q *SQ) Next() (*SQE, uint64) {
	// Pairs with the kernel's release of sq.head in io_commit_sqring: the slot is ours once head
	// has passed it.
	if uint32(q.tail)-atomic.LoadUint32(q.kHead) > q.mask {
		return nil, 0
	}
	i := q.tail
	q.tail++
	sqe := &q.sqes[uint32(i)&q.mask]
	sqe.Reset()
	return sqe, i
}

// Staged reports how many entries are staged.
func (q *SQ) Staged() int { return int(q.tail - q.published) }

// Publish makes all staged entries visible to the kernel.
func (q *SQ) Publish() {
	if q.published != q.tail {
		q.published = q.tail
		// Release: the entries are written before the kernel sees the new tail.
		atomic.StoreUint32(q.kTail, uint32(q.tail))
	}
}

// Unconsumed reports how many published entries the kernel has yet to take.
func (q *SQ) Unconsumed() uint32 { return uint32(q.published) - atomic.LoadUint32(q.kHead) }

// Withdraw takes back the entry at index if it is still staged, and reports whether it was.
// Entries staged after it keep their place, so unless it is the last one a silent NOP stays in
// it.
func (q *SQ) Withdraw(index uint64) bool {
	if index < q.published {
		return false
	}
	if index == q.tail-1 {
		q.tail--
		return true
	}
	PrepSilentNop(&q.sqes[uint32(index)&q.mask])
	return true
}

// TakeBack makes the published entries free again that the kernel has not taken, and returns their
// number. Nobody may be in io_uring_enter(2), and no thread of the kernel serve the ring.
func (q *SQ) TakeBack() int {
	n := q.Unconsumed()
	q.tail -= uint64(n)
	q.published = q.tail
	atomic.StoreUint32(q.kTail, uint32(q.tail))
	return int(n)
}

// needsWakeup reports whether the kernel's thread has gone to sleep. It sets the flag, looks at
// the tail once more, and sleeps (io_sq_thread); we store the tail, in Publish, and look at the
// flag after. Both orders are sequentially consistent, as Go's atomics are.
func (q *SQ) needsWakeup() bool { return atomic.LoadUint32(q.kFlags)&sys.IORING_SQ_NEED_WAKEUP != 0 }

// Overflown reports whether the kernel holds completions that did not fit into the completion
// queue.
func (q *SQ) Overflown() bool { return atomic.LoadUint32(q.kFlags)&sqCQOverflow != 0 }

// CQ is the completion queue over memory that is shared with the kernel, or that a test hands it.
type CQ struct {
	// kHead is written by us; pairs with the load of cq.head in __io_cqring_events_user and
	// io_cqe_cache_refill.
	kHead *uint32
	kTail *uint32 // written by the kernel
	cqes  []CQE
	mask  uint32
}

// Reap copies completions to dst, gives their slots back to the kernel and returns their number.
func (q *CQ) Reap(dst []CQE) int {
	head := *q.kHead
	// Pairs with the kernel's release of cq.tail in io_commit_cqring: entries below it are
	// complete.
	n := int(atomic.LoadUint32(q.kTail) - head)
	if n == 0 {
		return 0
	}
	n = min(n, len(dst))
	for i := range dst[:n] {
		dst[i] = q.cqes[(head+uint32(i))&q.mask]
	}
	// Release: the entries are read before the kernel may overwrite them.
	atomic.StoreUint32(q.kHead, head+uint32(n))
	return n
}

// Tail counts completions; it wraps around.
func (q *CQ) Tail() uint32 { return atomic.LoadUint32(q.kTail) }

// Empty reports whether nothing waits to be reaped.
func (q *CQ) Empty() bool { return atomic.LoadUint32(q.kTail) == atomic.LoadUint32(q.kHead) }
