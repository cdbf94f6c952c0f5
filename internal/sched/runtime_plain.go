//go:build linux && uringnet_nolinkname

package sched

import "syscall"

// Watches reports whether the runtime's poller can be reached; see Watch.
const Watches = false

// Without linkname the runtime's poller is out of reach: pollOpen refuses every descriptor, and nothing else is called.

func pollOpen(uintptr) (pd uintptr, errno int) { return 0, int(syscall.ENOSYS) }

func pollClose(uintptr)                   {}
func pollReset(uintptr, int) int          { return 0 }
func pollWait(uintptr, int) int           { return 0 }
func pollSetDeadline(uintptr, int64, int) {}
func pollUnblock(uintptr)                 {}
