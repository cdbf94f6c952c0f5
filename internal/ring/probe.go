//go:build linux

package ring

import (
	"errors"
	"fmt"
	"sync"
	"syscall"

	sys "github.com/iceber/iouring-go/syscall"
)

// Feature is one thing that the kernel's io_uring may offer.
type Feature struct {
	Name      string `json:"name"`
	Since     string `json:"since"` // the Linux release that brought it
	Required  bool   `json:"required"`
	Available bool   `json:"available"`
	Err       error  `json:"-"` // why it is not available
}

// Probe tries each feature on a ring of its own and reports what it found. The result is cached.
//
// It comes back with an error where the system calls are forbidden, whatever it is that forbids
// them: also where a seccomp filter would end the process or leave it waiting.
func Probe() ([]Feature, error) { return cachedProbe() }

var cachedProbe = sync.OnceValues(func() ([]Feature, error) {
	if err := mayTry(); err != nil {
		return nil, err
	}
	return probe(linux{})
})

// Missing names the first required feature that is not there.
func Missing(fs []Feature) error {
	for _, f := range fs {
		if f.Required && !f.Available {
			return fmt.Errorf("%w: it lacks %s (Linux %s): %w", ErrTooOld, f.Name, f.Since, f.Err)
		}
	}
	return nil
}

// setupProbes are tried by setting up a ring with them.
var setupProbes = []struct {
	name, since string
	flags       uint32
}{
	{"SUBMIT_ALL", "5.18", sys.IORING_SETUP_SUBMIT_ALL},
	{"COOP_TASKRUN", "5.19", sys.IORING_SETUP_COOP_TASKRUN | sys.IORING_SETUP_TASKRUN_FLAG},
	{"NO_SQARRAY", "6.6", setupNoSQArray},
}

// requestProbes are tried with a file descriptor or a target that cannot be. The kernel rejects a
// request that it does not know with EINVAL before it looks for those, and one that it knows after.
// A cancellation is older than that, but not one that is silent if it succeeds.
var requestProbes = []struct {
	name, since string
	prep        func(sqe *SQE)
	want        syscall.Errno
}{
	{"restrictions", "5.10", prepForbidden, syscall.EACCES},
	{"async cancel", "5.17", func(sqe *SQE) { PrepCancel(sqe, NoUserData-1) }, syscall.ENOENT},
	{"recv POLL_FIRST", "5.19", func(sqe *SQE) { PrepRecv(sqe, -1, nil, true) }, syscall.EBADF},
}

// prepForbidden asks for what no ring of ours may do.
func prepForbidden(sqe *SQE) { sqe.PrepOperation(sys.IORING_OP_READV, -1, 0, 0, 0) }

func probe(k Kernel) ([]Feature, error) {
	r, err := newRing(k, Config{SQEntries: 8, CQEntries: 16})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var fs []Feature
	for _, p := range requestProbes {
		fs = append(fs, feature(p.name, p.since, true, r.tryRequest(p.prep, p.want)))
	}
	fs = append(fs, feature("silent success", "5.17", true, r.trySilentNop()))
	for _, p := range setupProbes {
		fs = append(fs, feature(p.name, p.since, false, trySetup(k, p.flags)))
	}
	return fs, nil
}

func feature(name, since string, required bool, err error) Feature {
	return Feature{Name: name, Since: since, Required: required, Available: err == nil, Err: err}
}

// trySetup leaves the ring disabled, so that it can do nothing until it is closed.
func trySetup(k Kernel, flags uint32) error {
	p := Params{Flags: flags | sys.IORING_SETUP_R_DISABLED}
	fd, err := k.Setup(4, &p)
	if err != nil {
		return err
	}
	return k.Close(fd)
}

// tryRequest submits a request that must fail, and returns nil if it failed with the errno wanted.
func (r *Ring) tryRequest(prep func(*SQE), want syscall.Errno) error {
	res, err := r.complete(prep)
	if err != nil {
		return err
	}
	switch errno := syscall.Errno(-res); {
	case res < 0 && errno == want:
		return nil
	case res < 0:
		return errno
	}
	return fmt.Errorf("the kernel answers %d to what should be %w", res, want)
}

// trySilentNop checks that a silent request leaves no completion.
func (r *Ring) trySilentNop() error {
	sqe, _ := r.SQ.Next()
	PrepSilentNop(sqe)
	res, err := r.complete(PrepNop)
	if err == nil && res != 0 {
		err = syscall.Errno(-res)
	}
	return err
}

// complete submits what is staged and one request more, and returns the result of that one.
func (r *Ring) complete(prep func(*SQE)) (res int32, err error) {
	const mark = 1
	sqe, _ := r.SQ.Next()
	if sqe == nil {
		return 0, errors.New("the submission queue is full")
	}
	prep(sqe)
	sqe.SetUserData(mark)
	r.SQ.Publish()
	if errno := r.Enter(r.SQ.Unconsumed()); errno != 0 {
		return 0, fmt.Errorf("io_uring_enter: %w", errno)
	}
	var cqes [4]CQE
	n := r.CQ.Reap(cqes[:])
	if n != 1 || cqes[0].UserData != mark {
		return 0, fmt.Errorf("%d completions for one request", n)
	}
	return cqes[0].Res, nil
}
