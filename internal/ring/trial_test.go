//go:build linux

package ring

import (
	"errors"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/testutil"
)

// The child finds what is so, and leaves nothing behind. What it finds under filters is tested in
// compat/container, in processes that may have one.
func TestTrialLeavesNothing(t *testing.T) {
	files, maps := len(testutil.OpenFDs()), shared(t)
	for range 20 {
		if err := tryInChild(patience); err != nil {
			t.Fatal(err)
		}
	}
	if f, m := len(testutil.OpenFDs()), shared(t); f != files || m != maps {
		t.Errorf("%d files are open, before %d; %d mappings, before %d", f, files, m, maps)
	}
	if pid, err := syscall.Wait4(-1, nil, unix.WALL|unix.WNOHANG, nil); err != syscall.ECHILD {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}

// Each end of a child has its words.
func TestVerdict(t *testing.T) {
	const exited, sigsys, sigkill = syscall.WaitStatus(0), syscall.WaitStatus(31), syscall.WaitStatus(9)
	for _, tc := range []struct {
		step   int32
		errno  syscall.Errno
		status syscall.WaitStatus
		err    error
		want   []error
		words  string
	}{
		{step: stepDone},
		{step: stepDone, status: sigkill, err: ErrNoAnswer}, // it was late, but it said all
		{stepSetup, syscall.EPERM, exited, nil, []error{syscall.EPERM}, "io_uring_setup: operation not permitted"},
		{stepSetup, syscall.EINVAL, exited, nil, []error{ErrTooOld, syscall.EINVAL}, "io_uring_setup"},
		{stepSetup, 0, sigsys, nil, []error{ErrKilled}, "io_uring_setup: a seccomp filter kills the process that calls it"},
		{stepEnter, 0, sigsys, nil, []error{ErrKilled}, "io_uring_enter: a seccomp"},
		{stepRestrict, 0, sigsys, nil, []error{ErrKilled}, "io_uring_register"},
		{stepSetup, 0, sigkill, ErrNoAnswer, []error{ErrNoAnswer}, "io_uring_setup: it does not return"},
		{stepSetup, 0, sigkill, nil, []error{ErrUntried}, "signal 9"},
		{stepSetup, 0, exited, nil, []error{ErrUntried}, "io_uring_setup"},
		{stepBegin, 0, sigsys, nil, []error{ErrUntried}, "cannot be tried here"},
		{stepWait, 0, exited, nil, []error{ErrUntried}, "cannot be tried here"},
	} {
		tr := trial{step: tc.step, errno: int32(tc.errno)}
		err := tr.verdict(tc.status, tc.err)
		if (err == nil) != (tc.want == nil) {
			t.Errorf("%+v: %v", tc, err)
		}
		for _, w := range tc.want {
			if !errors.Is(err, w) || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("%+v: %v", tc, err)
			}
		}
	}
}

// With room for a single descriptor there is no trial, and no child is left of it either: one would
// be for each ring that somebody tries for.
func TestTrialWithoutDescriptors(t *testing.T) {
	onOneCPU(t) // so that the child has not come far when we find that we cannot wait for it
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	for room := range 3 {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: limitFor(room), Max: old.Max}); err != nil {
			t.Fatal(err)
		}
		err := tryInChild(patience)
		unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
		if room < 2 && !errors.Is(err, syscall.EMFILE) || room == 2 && err != nil {
			t.Errorf("with room for %d: %v", room, err)
		}
		if pid, err := syscall.Wait4(-1, nil, unix.WALL|unix.WNOHANG, nil); err != syscall.ECHILD {
			t.Errorf("with room for %d: a child is left: %d, %v", room, pid, err)
		}
	}
}

// limitFor returns the limit under which there is room for so many descriptors more. Those that are
// open need not follow each other: the process may have inherited some.
func limitFor(room int) uint64 {
	for fd := uintptr(0); ; fd++ {
		if _, err := unix.FcntlInt(fd, unix.F_GETFD, 0); err != unix.EBADF {
			continue
		}
		if room == 0 {
			return uint64(fd)
		}
		room--
	}
}

// onOneCPU keeps the test, and what it starts, on one processor.
func onOneCPU(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	var old, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		t.Fatal(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if old.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		unix.SchedSetaffinity(0, &old)
		runtime.UnlockOSThread()
	})
}
