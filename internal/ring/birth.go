//go:build linux

package ring

import (
	"errors"
	"fmt"
	"syscall"

	sys "github.com/iceber/iouring-go/syscall"
)

// Use is what a ring is for: it can do nothing else.
type Use uint8

// What rings are for.
const (
	Sockets Use = iota // to receive
	Files              // to read files that are open; all by the thread that makes it
)

// Config is what a ring is made with.
type Config struct {
	Use       Use
	SQEntries uint32
	CQEntries uint32

	// Wait makes the calls of a ring for files that wait.
	Wait SystemCall

	// SQPollIdle, if it is not 0, has a thread of the kernel take published entries and complete
	// requests (IORING_SETUP_SQPOLL). It goes to sleep when there was nothing to do for SQPollIdle
	// milliseconds.
	SQPollIdle uint32
	// SQPollOf is a ring whose thread serves this ring too, or nil.
	SQPollOf *Ring
}

// A queue is not made smaller than this for want of memory: both fit into two pages, and a kernel
// that has not even those has none to spare for the work either.
const (
	minSQEntries = 32
	minCQEntries = 64
)

// smaller halves the queues, down to the smallest that are of use, and reports whether it could.
func (c *Config) smaller() bool {
	sq, cq := c.SQEntries, c.CQEntries
	if sq > minSQEntries {
		sq = max(sq/2, minSQEntries)
	}
	if cq > minCQEntries {
		cq = max(cq/2, minCQEntries)
	}
	changed := sq != c.SQEntries || cq != c.CQEntries
	c.SQEntries, c.CQEntries = sq, cq
	return changed
}

// requiredFeatures: one mapping for both queues, no lost completions, SQEs that may be reused after
// enter, and polling instead of worker threads. All are there since Linux 5.7.
const requiredFeatures = sys.IORING_FEAT_SINGLE_MMAP | sys.IORING_FEAT_NODROP |
	sys.IORING_FEAT_SUBMIT_STABLE | sys.IORING_FEAT_FAST_POLL

// requiredFlags: sized queues, and a birth in two steps, so that the ring never ran unrestricted.
const requiredFlags = sys.IORING_SETUP_CQSIZE | sys.IORING_SETUP_R_DISABLED

// optionalFlags are dropped one after the other, from the newest on, while the kernel refuses
// them with EINVAL. Those for cooperative task work mean nothing where a thread of the kernel
// does it. The one thread that uses a ring for files completes requests while it waits.
func (c Config) optionalFlags() []uint32 {
	switch {
	case c.Use == Files:
		return []uint32{setupNoSQArray, setupSingleIssuer | setupDeferTaskrun, sys.IORING_SETUP_SUBMIT_ALL}
	case c.SQPollIdle > 0:
		return []uint32{setupNoSQArray, sys.IORING_SETUP_SUBMIT_ALL}
	}
	const cooperative = sys.IORING_SETUP_COOP_TASKRUN | sys.IORING_SETUP_TASKRUN_FLAG
	return []uint32{setupNoSQArray, cooperative, sys.IORING_SETUP_SUBMIT_ALL}
}

// forSockets is all that a ring for sockets is used for. Whoever gets at its descriptor or its
// memory cannot open a file with it, start a connection, or give it other buffers and files.
//
// One register opcode is named because newer kernels take a list without any to mean that all are
// allowed. This one does nothing to a ring that runs: it answers EBADFD.
var forSockets = []Restriction{
	{kind: maySubmit, value: sys.IORING_OP_NOP},
	{kind: maySubmit, value: sys.IORING_OP_RECV},
	{kind: maySubmit, value: sys.IORING_OP_ASYNC_CANCEL},
	{kind: mayFlag, value: sqeSkipSuccess},
	{kind: mayRegister, value: uint8(registerEnableRings)},
}

// forFiles is the same for a ring for files. It can open none, and change none. There is one only
// in a program that uses package file.
var forFiles = []Restriction{
	{kind: maySubmit, value: sys.IORING_OP_READ},
	{kind: mayRegister, value: uint8(registerEnableRings)},
}

// maxWorkers is how many threads of the kernel may wait for what one of ours has asked for. They
// serve reads that the file system cannot begin without waiting, such as some with O_DIRECT.
const maxWorkers = 8

func (u Use) restrictions() []Restriction {
	if u == Files {
		return forFiles
	}
	return forSockets
}

// New makes a ring that can do what its use needs and nothing else. Where there is no
// memory for the queues it makes smaller ones; see [Ring.Sizes]. It fails with an error that is a
// syscall.Errno by errors.Is, or with ErrTooOld.
func New(c Config) (*Ring, error) {
	// A filter may have been installed since the last ring was made.
	if err := mayTry(); err != nil {
		return nil, err
	}
	return newRing(linux{c.Wait}, c)
}

// NewOn is New on another kernel than the running one.
func NewOn(k Kernel, c Config) (*Ring, error) { return newRing(k, c) }

// ErrTooOld says that the kernel's io_uring lacks something that cannot be done without.
var ErrTooOld = errors.New("this kernel's io_uring is too old")

func newRing(k Kernel, c Config) (*Ring, error) {
	for {
		r, err := ringOfSize(k, c)
		if err == nil || !errors.Is(err, syscall.ENOMEM) || !c.smaller() {
			return r, err
		}
	}
}

func ringOfSize(k Kernel, c Config) (*Ring, error) {
	fd, p, err := setUp(k, c)
	if err != nil {
		return nil, err
	}
	r := &Ring{k: k, fd: fd, flags: p.Flags, use: c.Use}
	if err := r.start(&p); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// setUp makes a ring that does not run yet, with as many of the optional flags as the kernel knows.
func setUp(k Kernel, c Config) (int, Params, error) {
	optional := c.optionalFlags()
	flags := requiredFlags
	for _, f := range optional {
		flags |= f
	}
	attachTo := uint32(0)
	if c.SQPollIdle > 0 {
		flags |= sys.IORING_SETUP_SQPOLL
		if c.SQPollOf != nil {
			flags |= sys.IORING_SETUP_ATTACH_WQ
			attachTo = uint32(c.SQPollOf.fd)
		}
	}
	for i := 0; ; i++ {
		p := Params{Flags: flags, CQEntries: c.CQEntries, SQThreadIdle: c.SQPollIdle, WQFd: attachTo}
		fd, err := k.Setup(c.SQEntries, &p)
		switch {
		case err == nil:
			return fd, p, nil
		case !errors.Is(err, syscall.EINVAL):
			return -1, p, fmt.Errorf("io_uring_setup: %w", err)
		case i == len(optional):
			return -1, p, fmt.Errorf("%w: io_uring_setup: %w", ErrTooOld, err)
		}
		flags &^= optional[i]
	}
}

// start brings a ring to life that has been set up.
func (r *Ring) start(p *Params) error {
	if p.Features&requiredFeatures != requiredFeatures {
		return fmt.Errorf("%w: features %#x, need %#x", ErrTooOld, p.Features, requiredFeatures)
	}
	if err := r.mapQueues(p); err != nil {
		return err
	}
	if r.use == Files {
		_ = r.k.LimitWorkers(r.fd, maxWorkers) // without it there may be four for each CPU
	}
	if err := uninterrupted(func() error { return r.k.Restrict(r.fd, r.use.restrictions()) }); err != nil {
		return fmt.Errorf("io_uring_register, to restrict a ring: %w", err)
	}
	if err := uninterrupted(func() error { return r.k.Enable(r.fd) }); err != nil {
		return fmt.Errorf("io_uring_register, to enable a ring: %w", err)
	}
	return nil
}

// uninterrupted calls f again as long as a signal interrupts it: older kernels wait in
// io_uring_register until no request is under way, and the Go runtime preempts by signals.
func uninterrupted(f func() error) error {
	for {
		if err := f(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
