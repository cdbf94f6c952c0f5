//go:build linux

package rawio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// RunFirst puts the calling thread into SCHED_FIFO, so that it gets a CPU as soon as it has
// something to do, whatever else wants to run. That takes CAP_SYS_NICE or RLIMIT_RTPRIO.
func RunFirst() error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}
	if err := unix.SchedSetAttr(0, &attr, 0); err != nil {
		return fmt.Errorf("sched_setattr: %w", err)
	}
	return nil
}

// SleepExactly lets the calling thread's timeouts end on time. Without it Linux adds up to 50
// microseconds, to wake up less often.
func SleepExactly() error {
	const nanosecond = 1
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, nanosecond, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl PR_SET_TIMERSLACK: %w", err)
	}
	return nil
}
