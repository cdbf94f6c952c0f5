package file

import (
	"runtime"
	"sync/atomic"
)

// Most calls that nobody can tell beforehand whether they wait do not: a write goes to memory. A
// request for each of them would cost more than the call. So they are made plainly while few are
// under way, and by a request when as many are as there are Ps. A call that does not wait keeps its
// P, so by then some do, each on a thread of its own. This bounds these threads.

// slots is how many plain calls may be under way: as many as there are Ps when the process begins.
var slots = int32(max(2, runtime.GOMAXPROCS(0)))

// plainCalls is how many are under way. Any goroutine changes it.
var plainCalls atomic.Int32

// takeSlot reports whether a plain call may be made. If so giveSlot follows it.
func takeSlot() bool {
	if plainCalls.Add(1) <= slots {
		return true
	}
	plainCalls.Add(-1)
	return false
}

func giveSlot() { plainCalls.Add(-1) }
