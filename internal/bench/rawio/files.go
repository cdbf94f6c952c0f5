//go:build linux

package rawio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// OtherFiles is how many descriptors a process of the benchmark has besides its connections:
// standard streams, epoll, rings, files.
const OtherFiles = 64

// FileLimit is how many descriptors this process may have at most.
func FileLimit() (int, error) {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return 0, fmt.Errorf("getrlimit: %w", err)
	}
	const plenty = 1 << 30 // no limit is more than an int
	return int(min(lim.Max, plenty)), nil
}

// RaiseFileLimit raises RLIMIT_NOFILE as far as this process may, and returns an error if that is
// less than conns connections need.
func RaiseFileLimit(conns int) error {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return fmt.Errorf("getrlimit: %w", err)
	}
	lim.Cur = lim.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return fmt.Errorf("raising RLIMIT_NOFILE to %d: %w", lim.Max, err)
	}
	if lim.Cur < uint64(conns+OtherFiles) {
		return fmt.Errorf("%d connections need more than the %d file descriptors allowed: raise the hard limit (ulimit -Hn)", conns, lim.Cur)
	}
	return nil
}
