//go:build linux

package container

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/compat/seccomp"
	"github.com/uringnet/uringnet/internal/ring"
)

func init() {
	children["one trial"] = func() error {
		if _, err := ring.Probe(); err != nil {
			return err
		}
		if err := seccomp.Deny(unix.EPERM, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_REGISTER); err != nil {
			return err
		}
		for i := range 4 {
			before, err := faultsOfChildren()
			if err != nil {
				return err
			}
			if _, err := ring.New(ring.Config{SQEntries: 8, CQEntries: 16}); !errors.Is(err, unix.EPERM) {
				return fmt.Errorf("a ring under the filter: %w, want EPERM", err)
			}
			after, err := faultsOfChildren()
			if err != nil {
				return err
			}
			if i > 0 && after != before {
				return fmt.Errorf("try %d forks once more: %d page faults of children, before %d", i+1, after, before)
			}
		}
		return nil
	}
}

// faultsOfChildren grows with each child that was waited for.
func faultsOfChildren() (int64, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(unix.RUSAGE_CHILDREN, &u)
	return int64(u.Minflt), err
}

// A filter that answers an error, as docs/security.md advises for later, is tried once: each trial
// copies the page tables of the process, and a worker without a ring tries for one every two
// seconds.
func TestOneTrialForEachFilter(t *testing.T) {
	needTrials(t)
	if out, err := command(t, "one trial").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
