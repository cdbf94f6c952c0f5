//go:build linux

package sched

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

// WaitName is the environment variable that says where receives wait: on a ring, in the runtime's
// poller, or, by default, where it is better for the connection at that time; see Pace.
const WaitName = "URINGNET_WAIT"

const (
	waitAuto uint32 = iota
	waitOnRing
	waitInPoller
)

var waitNames = map[string]uint32{"": waitAuto, "auto": waitAuto, "ring": waitOnRing, "poller": waitInPoller}

// waitPolicy is set by Start or StartWithoutRings, and by tests.
var waitPolicy atomic.Uint32

// SetWait changes where receives wait, to "ring", "poller" or "auto", and returns how it was.
func SetWait(name string) (before string, err error) {
	policy, ok := waitNames[name]
	if !ok {
		return "", fmt.Errorf("%s=%q is none of auto, ring and poller", WaitName, name)
	}
	switch waitPolicy.Swap(policy) {
	case waitOnRing:
		return "ring", nil
	case waitInPoller:
		return "poller", nil
	}
	return "auto", nil
}

// pollName is the environment variable that has a thread of the kernel poll the rings: the number
// of milliseconds without work after which it goes to sleep.
//
// Without it a request is completed by the thread that armed it, the next time that one enters or
// leaves the kernel. If it is inside one long system call, or was taken off its processor, the
// completion waits. The kernel's thread has nothing else to do, at the price of a processor that it
// keeps busy.
const pollName = "URINGNET_SQPOLL"

// longestPoll is a minute: nobody wants a thread that spins for longer.
const longestPoll = 60_000

// polledIdle is what pollName says, or 0. Start sets it.
var polledIdle uint32

// Polled reports whether a thread of the kernel polls the rings.
func Polled() bool { return polledIdle > 0 }

// configure reads the environment. Where the kernel polls the rings all receives wait there.
func configure() error {
	if _, err := SetWait(os.Getenv(WaitName)); err != nil {
		return err
	}
	s := os.Getenv(pollName)
	if s == "" {
		return nil
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > longestPoll {
		return fmt.Errorf("%s=%q is not a number of milliseconds up to %d", pollName, s, longestPoll)
	}
	polledIdle = uint32(n)
	if Polled() && waitPolicy.Load() == waitAuto {
		waitPolicy.Store(waitOnRing)
	}
	return nil
}
