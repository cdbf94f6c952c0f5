//go:build linux

package uringnet

import (
	"net"
	"sync"
)

// fdGuard keeps a file descriptor open while calls that are not serialised with reads and writes use it, such as setsockopt
// or a RawConn callback. Once it is closing, nobody new gets in.
type fdGuard struct {
	mu      sync.Mutex
	users   int
	closing bool
	idle    chan struct{} // made by wait if there are users; closed by the last one
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
	if g.users == 0 && g.idle != nil {
		close(g.idle)
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
	g.mu.Lock()
	if g.users > 0 {
		g.idle = make(chan struct{})
	}
	idle := g.idle
	g.mu.Unlock()
	if idle != nil {
		<-idle
	}
}
