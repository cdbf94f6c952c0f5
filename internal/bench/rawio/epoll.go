//go:build linux

package rawio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Watch adds fd to the epoll instance ep, level-triggered; events will carry id in their Fd field.
func Watch(ep, fd int, events uint32, id int32) error {
	ev := unix.EpollEvent{Events: events, Fd: id}
	if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl add: %w", err)
	}
	return nil
}

// Rewatch changes the events that fd is watched for.
func Rewatch(ep, fd int, events uint32, id int32) error {
	ev := unix.EpollEvent{Events: events, Fd: id}
	if err := unix.EpollCtl(ep, unix.EPOLL_CTL_MOD, fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl mod: %w", err)
	}
	return nil
}

// RaiseFileLimit raises RLIMIT_NOFILE as far as this process may, and returns an error if that is
// less than need.
func RaiseFileLimit(need int) error {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return fmt.Errorf("getrlimit: %w", err)
	}
	lim.Cur = lim.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return fmt.Errorf("raising RLIMIT_NOFILE to %d: %w", lim.Max, err)
	}
	const others = 64 // standard streams, epoll, rings, files
	if lim.Cur < uint64(need+others) {
		return fmt.Errorf("%d connections need more than the %d file descriptors allowed: raise the hard limit (ulimit -Hn)", need, lim.Cur)
	}
	return nil
}
