//go:build linux

package socket

import (
	"sync"

	"github.com/uringnet/uringnet/internal/sched"
)

// direction is one half of a connection, or the accepting of a listener. Its calls exclude each
// other: each of them locks mu, begins by prepare, tries, and waits by waitReady when there is
// nothing to be had.
type direction struct {
	// mu serialises the calls; its holder owns side. Deadline setters and Close interrupt the
	// holder without it.
	mu   sync.Mutex
	side *sched.PollSide
}

// prepare begins a call: it forgets what became ready until now, and returns what forbids the call.
func (d *direction) prepare() error { return netError(d.side.Prepare()) }

// waitReady parks in the runtime's poller until there may be something to do. Its caller has seen
// EAGAIN since prepare.
func (d *direction) waitReady() error { return netError(d.side.WaitReady()) }
