//go:build linux

package sched

import (
	"context"
	"os"
	"runtime/trace"
)

// traceName is the environment variable that has each wait stand in execution traces as a region
// (see runtime/trace), named after the place where it waits. Anything but nothing and 0 sets it.
//
// It is a switch of its own, beside that of the trace: with each wait in it a trace is larger.
const traceName = "URINGNET_TRACE"

// tracesWaits does not change, but in tests.
var tracesWaits = isSet(os.Getenv(traceName))

func isSet(value string) bool { return value != "" && value != "0" }

// The regions.
const (
	inPollerRegion = "uringnet: wait in the poller"
	inTurnRegion   = "uringnet: wait for a turn"
	onRingRegion   = "uringnet: wait on a ring"
	cancelRegion   = "uringnet: wait for a cancelled receive"
	inFileRegion   = "uringnet: wait for a file"
)

// beginRegion begins a region of the calling goroutine, which endRegion ends. It returns nil where
// waits are not traced. Both are called around a park only, beside which a branch costs nothing.
func beginRegion(name string) *trace.Region {
	if !tracesWaits {
		return nil
	}
	return trace.StartRegion(context.Background(), name)
}

func endRegion(r *trace.Region) {
	if r != nil {
		r.End()
	}
}
