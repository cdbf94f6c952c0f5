//go:build linux

// Package census finds what a program leaves behind: goroutines and file descriptors.
package census

import (
	"runtime"
	"strings"

	"github.com/uringnet/uringnet/internal/testutil"
)

// Census is what a process holds: its goroutines and descriptors.
type Census struct {
	goroutines map[string]string // stacks by ID
	files      map[string]bool
}

// Take leaves out what may stay for good: a ring and its goroutines, which the next crowd
// uses, the runtime's own descriptors, and the calls of the controlling process.
func Take() Census {
	c := Census{map[string]string{}, map[string]bool{}}
	for _, g := range testutil.Goroutines() {
		if !staysForGood(g.Stack) {
			c.goroutines[g.ID] = g.Stack
		}
	}
	for f := range testutil.OpenFDs() {
		if !strings.Contains(f, "anon_inode:") {
			c.files[f] = true
		}
	}
	return c
}

func staysForGood(stack string) bool {
	for _, words := range []string{
		"internal/sched.(*worker).flushing", "internal/sched.(*worker).completer", "internal/sched.(*Disk).begin",
		"net/rpc.", "os/signal.", "runtime.ensureSigM",
	} {
		if strings.Contains(stack, words) {
			return true
		}
	}
	return false
}

// Since returns what has come since an earlier census and is still there.
func (c Census) Since(earlier Census) (goroutines, files []string) {
	for id, stack := range c.goroutines {
		if _, ok := earlier.goroutines[id]; !ok {
			goroutines = append(goroutines, stack)
		}
	}
	for f := range c.files {
		if !earlier.files[f] {
			files = append(files, f)
		}
	}
	return goroutines, files
}

// LeftSince waits until nothing is left of what has come since an earlier census, and returns what
// stays all the same. What only waits for the garbage collector, as unused pipes of splice do, is
// not left.
func LeftSince(earlier Census) (goroutines, files []string) {
	testutil.Poll(func() bool {
		goroutines, files = Take().Since(earlier)
		if len(goroutines)+len(files) == 0 {
			return true
		}
		runtime.GC()
		return false
	})
	return goroutines, files
}
