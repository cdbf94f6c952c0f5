//go:build linux

package sched

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

// WaitName is the environment variable that says where receives wait: on a ring, in the runtime's
// poller, or, by default, where it is better for the connection at that time; see Placement.
const WaitName = "URINGNET_WAIT"

const (
	waitAuto uint32 = iota
	waitOnRing
	waitInPoller
)

var waitNames = map[string]uint32{
	"": waitAuto, "auto": waitAuto, "ring": waitOnRing, "poller": waitInPoller,
}

// waitPolicy is set by Start or StartWithoutRings, and by tests.
var waitPolicy atomic.Uint32

// SetWait changes where receives wait, to "ring", "poller" or "auto", and returns how it was. For
// "ring" it makes the rings, so that the first receive finds one.
func SetWait(name string) (before string, err error) {
	policy, ok := waitNames[name]
	if !ok {
		return "", fmt.Errorf("%s=%q is none of auto, ring and poller", WaitName, name)
	}
	was := waitPolicy.Swap(policy)
	if policy == waitOnRing {
		ensureRings()
	}
	switch was {
	case waitOnRing:
		return "ring", nil
	case waitInPoller:
		return "poller", nil
	}
	return "auto", nil
}

// sqpollName is the environment variable that has a thread of the kernel serve the rings (SQPOLL):
// the number of milliseconds without work after which that thread goes to sleep.
//
// Without it a request is completed by the thread that armed it, the next time that one enters or
// leaves the kernel. If it is inside one long system call, or was taken off its processor, the
// completion waits. The kernel's thread has nothing else to do, at the price of a processor that it
// keeps busy.
const sqpollName = "URINGNET_SQPOLL"

// maxSQPollIdle is a minute: nobody wants a thread that spins for longer.
const maxSQPollIdle = 60_000

// sqpollIdle is what sqpollName says, or 0. Start sets it.
var sqpollIdle uint32

// SQPoll reports whether a thread of the kernel serves the rings.
func SQPoll() bool { return sqpollIdle > 0 }

// configure reads the environment. With SQPOLL all receives wait on rings.
func configure() error {
	if err := setSQPoll(os.Getenv(sqpollName)); err != nil {
		return err
	}
	if _, err := SetWait(os.Getenv(WaitName)); err != nil {
		return err
	}
	if SQPoll() && waitPolicy.Load() == waitAuto {
		SetWait("ring")
	}
	return nil
}

// setSQPoll is called before there is a ring.
func setSQPoll(idle string) error {
	if idle == "" {
		return nil
	}
	n, err := strconv.ParseUint(idle, 10, 32)
	if err != nil || n > maxSQPollIdle {
		return fmt.Errorf("%s=%q is not a number of milliseconds up to %d",
			sqpollName, idle, maxSQPollIdle)
	}
	sqpollIdle = uint32(n)
	return nil
}
