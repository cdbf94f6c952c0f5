//go:build linux

package socket

import (
	"io"

	"github.com/uringnet/uringnet/internal/sched"
)

// The errors of a socket's methods are bare: io.EOF, net.ErrClosed, os.ErrDeadlineExceeded, or an
// *os.SyscallError that names the system call as package net does.

// netError gives the end of a socket the name that package net has for it.
func netError(err error) error {
	if err == sched.ErrClosed {
		return errClosed
	}
	return err
}

// endOfFile is what a successful receive of n bytes returns.
func endOfFile(n int) (int, error) {
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
