//go:build linux

package socket

import (
	"net"
	"os"
	"sync"
	"sync/atomic"

	"github.com/uringnet/uringnet/internal/sched"
)

// fdGuard keeps a file descriptor open while calls that are not serialised with reads and writes
// use it, such as setsockopt or a RawConn callback. It also knows whether anybody else can have the
// descriptor, or a duplicate of it.
//
//	private  This package made the socket, or took over one that package net had just made without
//	         a hook, and never showed the descriptor to anybody. share -> shared.
//	shared   Somebody may have made the descriptor blocking, or changed its options, and may do so
//	         at any time. It stays like that.
//
// Once the guard is closing nobody new gets in.
type fdGuard struct {
	// mu guards what follows. A listener also holds it over the accept4 of a private socket, so
	// that share comes before or after that.
	mu      sync.Mutex
	users   int
	closing bool
	waited  bool
	idle    sched.Future // notified by the last user, once waited is set

	shared atomic.Bool // stored under mu
}

// share notes that others may use the descriptor from now on.
func (g *fdGuard) share() {
	if g.shared.Load() {
		return
	}
	g.mu.Lock()
	g.shared.Store(true)
	g.mu.Unlock()
}

// isShared reports whether others can have the descriptor or a duplicate of it.
func (g *fdGuard) isShared() bool { return g.shared.Load() }

// acquire fails with net.ErrClosed once close was called.
func (g *fdGuard) acquire() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return net.ErrClosed
	}
	g.users++
	return nil
}

func (g *fdGuard) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.users--
	if g.users == 0 && g.waited {
		g.idle.Notify()
	}
}

// close fails with net.ErrClosed for all callers but the first.
func (g *fdGuard) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing {
		return net.ErrClosed
	}
	g.closing = true
	return nil
}

func (g *fdGuard) isClosing() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closing
}

// awaitUsers returns when the last user has left. Only the caller for whom close succeeded calls
// it.
func (g *fdGuard) awaitUsers() {
	g.mu.Lock()
	g.waited = true
	g.mu.Unlock()
	for g.inUse() {
		g.idle.Wait()
	}
}

func (g *fdGuard) inUse() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.users > 0
}

// with makes a system call while the file descriptor fd is held open. The error is that of the
// call, named by it, or net.ErrClosed.
func (g *fdGuard) with(fd int, call string, f func(fd int) error) error {
	if err := g.acquire(); err != nil {
		return err
	}
	defer g.release()
	return os.NewSyscallError(call, f(fd))
}
