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
func Probe() ([]Feature, error) { return cachedProbe() }

var cachedProbe = sync.OnceValues(func() ([]Feature, error) { return probe(linux{}) })

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
	{"SINGLE_ISSUER", "6.0", setupSingleIssuer},
	{"DEFER_TASKRUN", "6.1", setupSingleIssuer | setupDeferTaskrun},
	{"NO_SQARRAY", "6.6", setupNoSQArray},
}

// requestProbes are tried with a file descriptor that cannot be: the kernel rejects a request that it does not know
// with EINVAL before it looks at the file descriptor, and one that it knows with EBADF after.
var requestProbes = []struct {
	name, since string
	required    bool
	prep        func(sqe *SQE)
}{
	{"recv POLL_FIRST", "5.19", true, func(sqe *SQE) { PrepRecv(sqe, -1, nil, true) }},
	{"recv into provided buffers", "5.7", true, func(sqe *SQE) { PrepRecvPooled(sqe, -1, 1, 0) }},
	{"send", "5.6", true, func(sqe *SQE) { PrepSend(sqe, -1, nil, 0) }},
	{"accept", "5.5", true, func(sqe *SQE) { PrepAccept(sqe, -1, 0) }},
	{"connect", "5.5", true, func(sqe *SQE) { PrepConnect(sqe, -1, make([]byte, 16)) }},
	{"poll", "5.1", true, func(sqe *SQE) { PrepPoll(sqe, -1, 1) }},
}

func probe(k kernel) ([]Feature, error) {
	r, err := newRing(k, Config{SQEntries: 8, CQEntries: 16})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var fs []Feature
	for _, p := range setupProbes {
		fs = append(fs, feature(p.name, p.since, false, trySetup(k, p.flags)))
	}
	_, err = r.RegisterBuffers(8, 0)
	fs = append(fs, feature("ring of provided buffers", "5.19", true, err))
	for _, p := range requestProbes {
		fs = append(fs, feature(p.name, p.since, p.required, r.tryRequest(p.prep)))
	}
	fs = append(fs, feature("silent success", "5.17", true, r.trySilentNop()))
	return fs, nil
}

func feature(name, since string, required bool, err error) Feature {
	return Feature{Name: name, Since: since, Required: required, Available: err == nil, Err: err}
}

func trySetup(k kernel, flags uint32) error {
	p := Params{Flags: flags}
	fd, err := k.setup(4, &p)
	if err != nil {
		return err
	}
	return k.close(fd)
}

// tryRequest submits a request that must fail, and returns nil if it failed for its file descriptor only.
func (r *Ring) tryRequest(prep func(*SQE)) error {
	res, err := r.complete(prep)
	if err != nil {
		return err
	}
	switch errno := syscall.Errno(-res); {
	case res < 0 && errno == syscall.EBADF:
		return nil
	case res < 0:
		return errno
	}
	return errors.New("the kernel accepted file descriptor -1")
}

// trySilentNop checks that a silent request leaves no completion.
func (r *Ring) trySilentNop() error {
	sqe, _ := r.SQ.Next()
	PrepSilentNop(sqe)
	res, err := r.complete(func(sqe *SQE) { sqe.PrepOperation(sys.IORING_OP_NOP, -1, 0, 0, 0) })
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
		return 0, errno
	}
	var cqes [4]CQE
	n := r.CQ.Reap(cqes[:])
	if n != 1 || cqes[0].UserData != mark {
		return 0, fmt.Errorf("%d completions for one request", n)
	}
	return cqes[0].Res, nil
}
