//go:build linux

package ring

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrKilled says that a seccomp filter ends the process that makes one of io_uring's system calls.
var ErrKilled = errors.New("a seccomp filter kills the process that calls it")

// ErrNoAnswer says that one of io_uring's system calls does not return.
var ErrNoAnswer = errors.New("it does not return, as if a seccomp filter asked a supervisor in vain")

// ErrUntried says that it could not be found out what becomes of a process that uses io_uring.
var ErrUntried = errors.New("io_uring cannot be tried here")

// patience is how long a child may take that tries the system calls. It needs far less than a
// millisecond, unless the machine is very busy.
const patience = time.Second

// tried is what the last trial found that will last, and the filters that it was made under.
var tried struct {
	sync.Mutex
	filters string
	err     error
}

// mayTry finds out whether this process survives the system calls of io_uring, and returns nil if
// it does. Without a seccomp filter nothing can happen to it. With one, a child tries first.
// Filters can only be added, so that a trial holds good while their number is the same.
//
// It looks at the filters of the thread that it runs on. Programs have the same on all threads,
// unless they went out of their way to install one on a single thread.
func mayTry() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mode, filters := seccomp()
	if mode == "0" {
		return nil
	}
	tried.Lock()
	defer tried.Unlock()
	if filters == "" || filters != tried.filters {
		err := tryInChild(patience)
		if err != nil && !lasts(err) {
			return err // of what may pass, such as too few descriptors
		}
		tried.filters, tried.err = filters, err
	}
	return tried.err
}

// lasts reports whether err is the doing of a filter, or as good as that: it is not worth a child
// for each ring that somebody tries for.
func lasts(err error) bool {
	for _, cause := range []error{ErrKilled, ErrNoAnswer, syscall.EPERM, syscall.EACCES, syscall.ENOSYS} {
		if errors.Is(err, cause) && !errors.Is(err, ErrUntried) {
			return true
		}
	}
	return false
}

// seccomp returns this thread's mode, "0" for none, and the number of its filters. An empty string
// stands for what cannot be found out: a kernel before 5.9 does not say the number.
func seccomp() (mode, filters string) {
	status, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		return "", ""
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "Seccomp":
			mode = strings.TrimSpace(value)
		case "Seccomp_filters":
			filters = strings.TrimSpace(value)
		}
	}
	if mode == "" {
		mode = "0" // a kernel without seccomp has no such line
	}
	return mode, filters
}

// tryInChild makes the system calls in a child that may die of them.
func tryInChild(patience time.Duration) error {
	// Before there is a child: one that we cannot wait for would stay a zombie.
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("%w: epoll_create1: %w", ErrUntried, err)
	}
	defer unix.Close(ep)
	t, err := newTrial()
	if err != nil {
		return fmt.Errorf("%w: mmap: %w", ErrUntried, err)
	}
	pid, pidfd, errno := fork(t)
	if errno != 0 {
		t.free()
		return fmt.Errorf("%w: clone: %w", ErrUntried, errno)
	}
	status, err := await(t, ep, pid, pidfd, patience)
	unix.Close(pidfd)
	err = t.verdict(status, err)
	t.free()
	return err
}

// await returns how the child ended. A child that does not end by itself is killed; then the error
// says so. It uses what Go's runtime uses anyway, since a filter may kill for other calls.
func await(t *trial, ep, pid, pidfd int, patience time.Duration) (status syscall.WaitStatus, err error) {
	if err = ends(ep, pidfd, patience); err != nil {
		if unix.PidfdSendSignal(pidfd, unix.SIGKILL, nil, 0) != nil {
			unix.Kill(pid, unix.SIGKILL) // its number is its own until somebody has waited for it
		}
		if errors.Is(err, ErrNoAnswer) && ends(ep, pidfd, patience) != nil {
			return 0, err // not even SIGKILL ends it, and we are not to hang
		}
	}
	if t.step <= stepWait {
		return 0, err // it died of what we would do now: better a zombie than to die too
	}
	for {
		// __WALL: a child that sends no signal is waited for only by who asks for it.
		if _, e := syscall.Wait4(pid, &status, unix.WALL, nil); e != syscall.EINTR {
			return status, err
		}
	}
}

// ends waits by an epoll instance until a process has ended, for as long as patience lasts.
func ends(ep, pidfd int, patience time.Duration) error {
	if pidfd < 0 {
		return fmt.Errorf("%w: this kernel knows no pidfd", ErrUntried)
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN}
	if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, pidfd, &event); err != nil && err != unix.EEXIST {
		return fmt.Errorf("%w: epoll_ctl: %w", ErrUntried, err)
	}
	n, errno := epollWait(ep, patience)
	switch {
	case errno != 0:
		return fmt.Errorf("%w: epoll_pwait: %w", ErrUntried, errno)
	case n == 0:
		return ErrNoAnswer
	}
	return nil
}

// calls are the system calls of the steps, for people.
var calls = map[int32]string{
	stepSetup:    "io_uring_setup",
	stepRestrict: "io_uring_register, to restrict a ring",
	stepEnable:   "io_uring_register, to enable a ring",
	stepEnter:    "io_uring_enter",
}

// verdict says what the child's end means.
func (t *trial) verdict(status syscall.WaitStatus, err error) error {
	call, errno := calls[t.step], syscall.Errno(t.errno)
	switch {
	case t.step == stepDone:
		return nil
	case errno == syscall.EINVAL:
		return fmt.Errorf("%w: %s: %w", ErrTooOld, call, errno)
	case errno != 0:
		return fmt.Errorf("%s: %w", call, errno)
	case call == "":
		return fmt.Errorf("%w: a child that was to try it did not come so far", ErrUntried)
	case err != nil:
		return fmt.Errorf("%s: %w", call, err)
	case status.Signaled() && status.Signal() == syscall.SIGSYS:
		return fmt.Errorf("%s: %w", call, ErrKilled)
	case status.Signaled():
		return fmt.Errorf("%w: a child died of it: %s: signal %d", ErrUntried, call, status.Signal())
	}
	return fmt.Errorf("%w: a child came to no end: %s", ErrUntried, call)
}
