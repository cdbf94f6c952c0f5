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
