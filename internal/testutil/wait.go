package testutil

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// Patience is how long a condition may take that is on its way to become true. No test is decided
// by it: it only ends a run that would never end.
const Patience = 30 * time.Second

// Poll waits until cond holds, and reports whether it does. It yields first, since most conditions
// are one scheduling step away, and then lets the processor go idle between two looks: with
// GOMAXPROCS=1 a goroutine that only yields keeps the runtime from polling the network.
func Poll(cond func() bool) bool {
	limit := time.Now().Add(Patience)
	for i := 0; !cond(); i++ {
		if i < 20 {
			runtime.Gosched()
			continue
		}
		if time.Now().After(limit) {
			return false
		}
		<-time.After(200 * time.Microsecond)
	}
	return true
}

// Eventually waits until cond holds, or fails the test with what the process looks like.
func Eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	if !Poll(cond) {
		t.Fatalf("waited %v: %s\n%s", Patience, what, Dump())
	}
}

// Dump describes what the process holds: its file descriptors and the stacks of its goroutines.
func Dump() string {
	var b strings.Builder
	for _, fd := range slices.Sorted(maps.Keys(OpenFDs())) {
		fmt.Fprintf(&b, "fd %s\n", fd)
	}
	for _, g := range Goroutines() {
		fmt.Fprintf(&b, "\n%s\n", g.Stack)
	}
	return b.String()
}
