//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// tally is what a process has seen of its streams.
type tally struct {
	mu     sync.Mutex
	lost   int
	errors map[string]int // by class
	wrong  []string       // corruptions in words
}

// note counts an error that ended a call or a stream. op is what was done.
func (t *tally) note(op string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var c *corruption
	if errors.As(err, &c) {
		t.lost += c.bytes
		t.wrong = append(t.wrong, c.text)
		return
	}
	if t.errors == nil {
		t.errors = map[string]int{}
	}
	t.errors[class(op, err)]++
}

func (t *tally) classes() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.errors)
}

// class names the kind of an error: what failed, and why. Two errors that a program would treat
// alike are of one class.
func class(op string, err error) string {
	if opErr, ok := errors.AsType[*net.OpError](err); ok {
		op = opErr.Op
	}
	errno, isErrno := errors.AsType[syscall.Errno](err)
	switch {
	case err == io.EOF:
		return op + ": EOF"
	case err == io.ErrUnexpectedEOF:
		return op + ": unexpected EOF"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return op + ": timeout"
	case errors.Is(err, net.ErrClosed):
		return op + ": closed"
	case isErrno:
		return op + ": " + unix.ErrnoName(errno)
	}
	return fmt.Sprintf("%s: %v", op, err)
}
