//go:build linux

package sched

import (
	"fmt"
	"os"
	"strconv"
)

// pollName is the environment variable that has a thread of the kernel poll the rings: the number of milliseconds without work
// after which it goes to sleep.
//
// Without it a request is completed by the thread that armed it, the next time that one enters or leaves the kernel. If it is inside one long
// system call, or was taken off its processor, the completion waits. The kernel's thread has nothing else to do, at the
// price of a processor that it keeps busy.
const pollName = "URINGNET_SQPOLL"

// longestPoll is a minute: nobody wants a thread that spins for longer.
const longestPoll = 60_000

// pollIdle is the value of the variable, or 0.
func pollIdle() (uint32, error) {
	s := os.Getenv(pollName)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n > longestPoll {
		return 0, fmt.Errorf("%s=%q is not a number of milliseconds up to %d", pollName, s, longestPoll)
	}
	return uint32(n), nil
}

// Polled reports whether a thread of the kernel polls the rings.
func Polled() bool { return (*workers.byGroup.Load())[0].ring.Polled() }
