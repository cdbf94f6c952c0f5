//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"
)

// Both processes run in a time namespace where CLOCK_MONOTONIC is days ahead. That shows that
// deadlines and timers count by the clock which the runtime reads, and by no other. It is no jump
// of a running clock. CLOCK_REALTIME has no namespace, and the machine's is not ours to set;
// deadlines by the wall clock are in every trial, since every other one of the clients' is.
var clock = fault{
	name:    "clock",
	what:    "a time namespace: the monotonic clock is ten days ahead",
	wrapper: []string{"unshare", "--time", "--monotonic", ahead, "--boottime", ahead},
	skip: func() string {
		if out, err := exec.Command("unshare", "--time", "--monotonic", ahead, "true").CombinedOutput(); err != nil {
			return fmt.Sprintf("no time namespace can be made: %v %s", err, out)
		}
		return ""
	},
	inject: func(t *trial) error {
		here, err := inside["clock"](nil)
		if err != nil {
			return err
		}
		err = t.both(func(p *process) error {
			there, err := p.inside("clock")
			if err != nil {
				return err
			}
			a, _ := strconv.Atoi(here)
			b, _ := strconv.Atoi(there)
			if b-a < 800_000 {
				return fmt.Errorf("the clock of the %s is only %d s ahead", p.name, b-a)
			}
			return nil
		})
		if err != nil {
			return err
		}
		return expose(t)
	},
}

const ahead = "864000" // seconds

func init() {
	inside["clock"] = func(*Child) (string, error) {
		var now unix.Timespec
		err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
		return strconv.FormatInt(int64(now.Sec), 10), err
	}
}
