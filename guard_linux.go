//go:build linux

package uringnet

import (
	"net"
	"sync"

	"github.com/uringnet/uringnet/internal/sched"
)

// fdGuard keeps a file descriptor open while calls that are not serialised with reads and writes
// use it, such as setsockopt or a RawConn callback. Once it is closing, nobody new gets in.
type fdGuard struct {
	mu      sync.Mutex
	users   int
	closing bool
	waited  bool
	idle    sched.Future // notified by the last user, once waited is set
}

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

// wait returns when the last user has left. Only the caller for whom close succeeded calls it.
func (g *fdGuard) wait() {
	for g.inUse() {
		g.idle.Wait()
	}
}

// inUse reports whether there are users. The last of them notifies idle.
func (g *fdGuard) inUse() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waited = true
	return g.users > 0
}
