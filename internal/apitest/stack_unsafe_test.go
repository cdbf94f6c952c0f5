//go:build linux

package apitest

import (
	"os"
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/uringnet/uringnet/internal/testutil"
)

// TestParkedReadStack guards that a goroutine which waits in a Read needs hardly more stack than
// with package net: an idle connection is little more than that, and a stack that does not suffice
// is doubled for good.
func TestParkedReadStack(t *testing.T) {
	if testutil.RaceEnabled {
		t.Skip("the race detector makes all stacks larger: other runs look at them")
	}
	if os.Getenv(waitEnv) == "ring" || os.Getenv("URINGNET_SQPOLL") != "" {
		t.Skip("whoever waits first makes a ring, which takes stack: the run without looks at a single connection")
	}
	begin(t)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection would shrink stacks
	for _, network := range []string{"tcp", "unix"} {
		theirs, ours := roomForRead(t, onNet, network), roomForRead(t, onRing, network)
		// Three calls, some 200 bytes, are what it takes to have the poller watch the socket in the
		// first wait. Package net does that when it accepts.
		if ours+3 < theirs {
			t.Errorf("%s: a stack grows for a Read below %d calls, with package net below %d", network, ours, theirs)
		}
	}
}

// roomForRead is how many calls of our own fit onto a new stack above a Read that waits.
//
// A Read that finds the runtime's monitor asleep when it is woken needs more, to wake that. So
// another Read is woken before. The machine may stall between the two: a stack grows at a depth if
// those of several Reads do.
func roomForRead(t *testing.T, m maker, network string) int {
	l := listen(t, m, network)
	other, otherPeer := connect(t, l, onNet)
	wakeOther := func() {
		waiting := parked(t, func() int { n, _ := other.Read(make([]byte, 1)); return n })
		mustWrite(t, otherPeer, "a")
		<-waiting
	}
	wakeOther() // the first Read of a process makes more than a wait
	growsOnce := func(calls int) bool {
		c, peer := connect(t, l, onNet)
		grown := parked(t, func() bool {
			return growsStack(calls, func() { c.Read(make([]byte, 1)) })
		})
		wakeOther()
		mustWrite(t, peer, "a")
		return <-grown
	}
	grows := func(calls int) bool {
		for range 3 {
			if !growsOnce(calls) {
				return false
			}
		}
		return true
	}
	const most = 100 // a stack begins with 2 KiB as a rule
	for calls := range most {
		if grows(calls) {
			return calls
		}
	}
	t.Fatalf("%s: no stack grows for a Read below %d calls", network, most)
	return 0
}

// growsStack calls f below that many calls, and reports whether f needed a larger stack: then all
// that is on it has moved.
//
//go:noinline
func growsStack(calls int, f func()) bool {
	var here [32]byte
	if calls > 0 {
		return growsStack(calls-1, f)
	}
	before := uintptr(unsafe.Pointer(&here))
	f()
	return uintptr(unsafe.Pointer(&here)) != before
}
