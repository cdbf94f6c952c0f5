//go:build linux

package container

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/compat/seccomp"
	"github.com/uringnet/uringnet/internal/ring"
	"github.com/uringnet/uringnet/internal/testutil"
)

const (
	actionEnv = "URINGNET_CONTAINER_ACTION"
	callEnv   = "URINGNET_CONTAINER_CALL"
)

// ringCalls are the three system calls of io_uring.
var ringCalls = map[string]uint32{
	"io_uring_setup":    unix.SYS_IO_URING_SETUP,
	"io_uring_enter":    unix.SYS_IO_URING_ENTER,
	"io_uring_register": unix.SYS_IO_URING_REGISTER,
}

// actions are what a filter can do to a system call, and the error that the probe is to find.
var actions = []struct {
	name   string
	action uint32
	want   error
}{
	{"kill process", unix.SECCOMP_RET_KILL_PROCESS, ring.ErrKilled},
	{"kill thread", unix.SECCOMP_RET_KILL_THREAD, ring.ErrKilled},
	{"trap", unix.SECCOMP_RET_TRAP, ring.ErrKilled},
	{"EPERM", unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM), unix.EPERM},
	{"ENOSYS", unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS), unix.ENOSYS},
	{"no answer", unix.SECCOMP_RET_USER_NOTIF, ring.ErrNoAnswer},
	{"allow", unix.SECCOMP_RET_ALLOW, nil},
}

func init() {
	children["trial"] = trial
	children["trial without wait"] = func() error {
		if err := seccomp.Filter(unix.SECCOMP_RET_KILL_PROCESS, unix.SYS_WAIT4, unix.SYS_IO_URING_SETUP); err != nil {
			return err
		}
		if _, err := ring.Probe(); !errors.Is(err, ring.ErrUntried) {
			return fmt.Errorf("the probe says %w, want %w", err, ring.ErrUntried)
		}
		return nil
	}
	children["call"] = func() error { // what becomes of a process that does not ask first
		if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
			return err
		}
		if err := filterFromEnv(); err != nil {
			return err
		}
		_, _, err := unix.Syscall(unix.SYS_IO_URING_SETUP, 8, 0, 0)
		return err
	}
	children["filter after probe"] = func() error {
		if _, err := ring.Probe(); err != nil {
			return err
		}
		c := ring.Config{SQEntries: 8, CQEntries: 16}
		if _, err := ring.New(c); err != nil {
			return err
		}
		for range 2 { // the second filter makes one more, and the same answer
			if err := seccomp.Filter(unix.SECCOMP_RET_KILL_PROCESS, unix.SYS_IO_URING_SETUP); err != nil {
				return err
			}
			for range 2 {
				if _, err := ring.New(c); !errors.Is(err, ring.ErrKilled) {
					return fmt.Errorf("a ring after the filter: %w, want %w", err, ring.ErrKilled)
				}
			}
		}
		return nil
	}
}

func filterFromEnv() error {
	for _, a := range actions {
		if a.name == os.Getenv(actionEnv) {
			return seccomp.Filter(a.action, ringCalls[os.Getenv(callEnv)])
		}
	}
	return fmt.Errorf("no such action: %s", os.Getenv(actionEnv))
}

// trial asks the probe under a filter, prints what it says, and checks that nothing is left behind.
func trial() error {
	ends := make(chan os.Signal, 10)
	signal.Notify(ends, syscall.SIGCHLD)
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil {
		return err
	}
	core.Cur = core.Max // so that a core dump would be seen
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &core); err != nil {
		return err
	}
	if err := filterFromEnv(); err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := state()
	if err != nil {
		return err
	}
	_, probed := ring.Probe()
	after, err := state()
	if err != nil {
		return err
	}
	if before != after {
		return fmt.Errorf("before the probe:\n%s\nafter:\n%s", before, after)
	}
	for _, flags := range []int{0, unix.WALL} {
		if pid, err := syscall.Wait4(-1, nil, unix.WNOHANG|flags, nil); err != syscall.ECHILD {
			return fmt.Errorf("wait4 finds %d, %w", pid, err)
		}
	}
	// What the kernel has sent to the process has arrived when a later signal has.
	later := make(chan os.Signal, 1)
	signal.Notify(later, syscall.SIGUSR1)
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		return err
	}
	<-later
	if len(ends) != 0 {
		return errors.New("a SIGCHLD arrived")
	}
	for _, a := range actions {
		if a.name == os.Getenv(actionEnv) && !errors.Is(probed, a.want) {
			return fmt.Errorf("the probe says %w, want %w", probed, a.want)
		}
	}
	_, err = fmt.Println(probed)
	return err
}

// state is what a probe must leave as it was: the open files, and the signals that the thread
// blocks which it runs on.
func state() (string, error) {
	status, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(status)) {
		if mask, ok := strings.CutPrefix(line, "SigBlk:"); ok {
			return fmt.Sprintf("%d files, signals blocked: %s", len(testutil.OpenFDs()), mask), nil
		}
	}
	return "", errors.New("no SigBlk in a thread's status")
}

// TestTrial has filters do the worst to each of io_uring's system calls. The process lives, it
// learns what the filter would do, and the child that found it out leaves nothing.
func TestTrial(t *testing.T) {
	needTrials(t)
	for _, a := range actions {
		for call := range ringCalls {
			t.Run(a.name+" "+call, func(t *testing.T) {
				t.Parallel()
				cmd := command(t, "trial", actionEnv+"="+a.name, callEnv+"="+call)
				cmd.Dir = t.TempDir()
				var said strings.Builder
				cmd.Stderr = &said
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%v\n%s%s", err, out, said.String())
				}
				t.Log(strings.TrimSpace(string(out)))
				if files, err := os.ReadDir(cmd.Dir); err != nil || len(files) != 0 {
					t.Errorf("the child that tried leaves %v, %v: a core dump?", files, err)
				}
				if a.want != nil && !strings.HasPrefix(string(out), call) {
					t.Errorf("the error is %q, want one that names %s", out, call)
				}
			})
		}
	}
}

// TestTrialUnderStrictFilter is about a filter that kills for what the probe itself needs: to
// wait for a child.
func TestTrialUnderStrictFilter(t *testing.T) {
	needTrials(t)
	if out, err := command(t, "trial without wait").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestFilterAfterProbe is a program that locks itself in after it has probed: a ring that it makes
// later is tried anew.
func TestFilterAfterProbe(t *testing.T) {
	needTrials(t)
	if out, err := command(t, "filter after probe").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestFiltersKill sees that the filters do what is said of them: a process that does not ask the
// probe first dies of them.
func TestFiltersKill(t *testing.T) {
	needTrials(t)
	for _, a := range actions {
		if a.want != ring.ErrKilled || a.name == "kill thread" {
			continue // a process can live on with a thread less
		}
		t.Run(a.name, func(t *testing.T) {
			err := command(t, "call", actionEnv+"="+a.name, callEnv+"=io_uring_setup").Run()
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() == 1 {
				t.Errorf("the process ended with %v, want its death", err)
			}
		})
	}
}

// needTrials skips the test where the kernel has no io_uring that a filter could forbid.
func needTrials(t *testing.T) {
	t.Helper()
	if err := offered(); err != nil {
		t.Skip("no io_uring here to be taken away: ", err)
	}
}
