//go:build linux

package ring

import (
	"errors"
	"fmt"
	"syscall"

	sys "github.com/iceber/iouring-go/syscall"
	"golang.org/x/sys/unix"
)

// NoUserData marks requests whose completion nobody waits for.
const NoUserData = ^uint64(0)

// Ring is one io_uring instance.
type Ring struct {
	SQ SQ
	CQ CQ

	fd      int
	k       kernel
	flags   uint32
	rings   []byte // both queues; mapped
	entries []byte // the SQEs; mapped
	bufs    []byte // the ring of provided buffers; anonymous mapping
}

// Config is what a ring is made with.
type Config struct {
	SQEntries uint32
	CQEntries uint32

	// PollIdle, if it is not 0, has a thread of the kernel take published entries and complete requests
	// (IORING_SETUP_SQPOLL). It goes to sleep when there was nothing to do for PollIdle milliseconds.
	PollIdle uint32
	// PollWith is a ring whose thread is to serve this ring too, or nil.
	PollWith *Ring
}

// requiredFeatures: one mapping for both queues, no lost completions, SQEs that may be reused after enter, and
// polling instead of worker threads. All are there since Linux 5.7.
const requiredFeatures = sys.IORING_FEAT_SINGLE_MMAP | sys.IORING_FEAT_NODROP | sys.IORING_FEAT_SUBMIT_STABLE | sys.IORING_FEAT_FAST_POLL

// optionalFlags are dropped one after the other, from the newest on, while the kernel refuses them with EINVAL. Those for
// cooperative task work mean nothing where a thread of the kernel does it.
func (c Config) optionalFlags() []uint32 {
	if c.PollIdle > 0 {
		return []uint32{setupNoSQArray, sys.IORING_SETUP_SUBMIT_ALL}
	}
	return []uint32{setupNoSQArray, sys.IORING_SETUP_COOP_TASKRUN | sys.IORING_SETUP_TASKRUN_FLAG, sys.IORING_SETUP_SUBMIT_ALL}
}

// New sets up a ring. It fails with an error that is a syscall.Errno by errors.Is, or with ErrTooOld.
func New(c Config) (*Ring, error) { return newRing(linux{}, c) }

// ErrTooOld says that the kernel's io_uring lacks something that cannot be done without.
var ErrTooOld = errors.New("this kernel's io_uring is too old")

func newRing(k kernel, c Config) (*Ring, error) {
	flags := sys.IORING_SETUP_CQSIZE
	optional := c.optionalFlags()
	for _, f := range optional {
		flags |= f
	}
	var p Params
	if c.PollIdle > 0 {
		flags |= sys.IORING_SETUP_SQPOLL
	}
	attachTo := uint32(0)
	if c.PollIdle > 0 && c.PollWith != nil {
		flags |= sys.IORING_SETUP_ATTACH_WQ
		attachTo = uint32(c.PollWith.fd)
	}
	var fd int
	for i := 0; ; i++ {
		p = Params{Flags: flags, CQEntries: c.CQEntries, SQThreadIdle: c.PollIdle, WQFd: attachTo}
		var err error
		fd, err = k.setup(c.SQEntries, &p)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EINVAL) || i == len(optional) {
			return nil, fmt.Errorf("io_uring_setup: %w", err)
		}
		flags &^= optional[i]
	}
	r := &Ring{k: k, fd: fd, flags: p.Flags}
	if p.Features&requiredFeatures != requiredFeatures {
		r.Close()
		return nil, fmt.Errorf("%w: features %#x, need %#x", ErrTooOld, p.Features, requiredFeatures)
	}
	if err := r.mapQueues(&p); err != nil {
		r.Close()
		return nil, fmt.Errorf("mapping an io_uring: %w", err)
	}
	return r, nil
}

func (r *Ring) mapQueues(p *Params) (err error) {
	size := max(p.SQOffset.Array+p.SQEntries*4, p.CQOffset.Cqes+p.CQEntries*16)
	if r.rings, err = r.k.mmap(r.fd, sys.IORING_OFF_SQ_RING, int(size)); err != nil {
		return err
	}
	if r.entries, err = r.k.mmap(r.fd, sys.IORING_OFF_SQES, int(p.SQEntries)*64); err != nil {
		return err
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

// FD is the ring's file descriptor; it is readable, for poll(2), while completions wait.
func (r *Ring) FD() int { return r.fd }

// Polled reports whether a thread of the kernel takes the published entries, some time after they were published.
func (r *Ring) Polled() bool { return r.flags&sys.IORING_SETUP_SQPOLL != 0 }

// Enter hands n published entries to the kernel, or sees to it that its thread is awake and takes them. EAGAIN and EBUSY
// mean that it could not take them all now: they stay published. It may be called by several threads at once.
func (r *Ring) Enter(n uint32) syscall.Errno {
	if r.Polled() {
		if !r.SQ.needsWakeup() {
			return 0
		}
		_, errno := r.k.enter(r.fd, n, sys.IORING_ENTER_FLAGS_SQ_WAKEUP)
		return errno
	}
	_, errno := r.k.enter(r.fd, n, 0)
	return errno
}

// AwaitRoom returns when the submission queue of a polled ring is not full any more.
func (r *Ring) AwaitRoom() syscall.Errno {
	_, errno := r.k.enter(r.fd, 0, sys.IORING_ENTER_FLAGS_SQ_WAIT|sys.IORING_ENTER_FLAGS_SQ_WAKEUP)
	return errno
}

// FlushOverflow makes the kernel move completions that did not fit into the completion queue, and run
// the completions that wait for the calling thread.
func (r *Ring) FlushOverflow() syscall.Errno {
	_, errno := r.k.enter(r.fd, 0, enterGetEvents)
	return errno
}

// RegisterBuffers creates the ring's group of provided buffers with room for entries, a power of two up to 32768.
func (r *Ring) RegisterBuffers(entries int, group uint16) (*BufRing, error) {
	mem, err := unix.Mmap(-1, 0, entries*bufSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("mapping a buffer ring: %w", err)
	}
	if err := r.k.registerBufRing(r.fd, mem, uint32(entries), group); err != nil {
		unix.Munmap(mem)
		return nil, fmt.Errorf("registering a buffer ring: %w", err)
	}
	r.bufs = mem
	return newBufRing(mem), nil
}

func newBufRing(mem []byte) *BufRing {
	return &BufRing{mem: mem, kTail: word(mem, bufOffBidTail), mask: uint16(len(mem)/bufSize - 1)}
}

// Close frees the ring. Requests in flight are cancelled by the kernel; nobody learns of their end.
func (r *Ring) Close() error { return errors.Join(r.k.close(r.fd), r.Unmap()) }

// Unmap frees the ring's memory, for an owner that has closed the file descriptor itself.
func (r *Ring) Unmap() (err error) {
	for _, mem := range [][]byte{r.rings, r.entries} {
		if mem != nil {
			err = errors.Join(err, r.k.munmap(mem))
		}
	}
	if r.bufs != nil {
		err = errors.Join(err, unix.Munmap(r.bufs))
	}
	r.rings, r.entries, r.bufs = nil, nil, nil
	return err
}
