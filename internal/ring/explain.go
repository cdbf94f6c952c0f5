//go:build linux

package ring

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// Explain says what a person can do about an io_uring that cannot be had. The error keeps its
// chain.
func Explain(err error) error {
	switch {
	case errors.Is(err, ErrKilled), errors.Is(err, ErrNoAnswer):
		return fmt.Errorf("io_uring is forbidden: %w", err)
	case errors.Is(err, ErrUntried):
		return err
	case errors.Is(err, syscall.ENOSYS):
		return fmt.Errorf("this kernel offers no io_uring: %w", err)
	case errors.Is(err, syscall.EPERM):
		if v := sysctl("kernel.io_uring_disabled"); v == "1" || v == "2" {
			return fmt.Errorf("io_uring is disabled by kernel.io_uring_disabled=%s: %w", v, err)
		}
		return fmt.Errorf("io_uring is forbidden, probably by a container's seccomp profile: %w", err)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("no file descriptor is left for an io_uring, raise RLIMIT_NOFILE: %w", err)
	case errors.Is(err, syscall.ENOMEM):
		return fmt.Errorf("no memory for an io_uring, raise RLIMIT_MEMLOCK: %w", err)
	case errors.Is(err, ErrTooOld):
		return fmt.Errorf("kernel %s: %w", KernelRelease(), err)
	}
	return fmt.Errorf("io_uring does not start: %w", err)
}

func sysctl(name string) string {
	b, _ := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	return strings.TrimSpace(string(b))
}
