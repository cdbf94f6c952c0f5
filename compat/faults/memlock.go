//go:build linux

package main

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Newer kernels count rings towards the limit. A process that may lock 32 KiB gets a small ring or
// none. Root is exempt, so the processes become nobody.
var memlock = fault{
	name:         "memlock",
	what:         "RLIMIT_MEMLOCK of 32 KiB, as an unprivileged user",
	pollerWillDo: true,
	before: func(t *trial) error {
		return t.both(func(p *process) error {
			_, err := p.inside("memlock")
			return err
		})
	},
	inject: expose,
}

const (
	littleMemory = 32 << 10
	nobody       = 65534
)

func init() {
	inside["memlock"] = func(*Child) (string, error) {
		if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: littleMemory, Max: littleMemory}); err != nil {
			return "", err
		}
		if os.Geteuid() != 0 {
			return "", nil
		}
		if err := syscall.Setgroups(nil); err != nil {
			return "", err
		}
		if err := syscall.Setgid(nobody); err != nil {
			return "", err
		}
		return "", syscall.Setuid(nobody)
	}
}
