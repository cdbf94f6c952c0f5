//go:build linux

package sched

import (
	"fmt"
	"os"
	"sync/atomic"
)

// waitName is the environment variable that says where receives wait: on a ring, in the runtime's poller, or, by default, where
// it is better for the connection at that time; see Pace.
const waitName = "URINGNET_WAIT"

const (
	waitAuto uint32 = iota
	waitOnRing
	waitInPoller
)

var waitNames = map[string]uint32{"": waitAuto, "auto": waitAuto, "ring": waitOnRing, "poller": waitInPoller}

// waitPolicy is set by Start, and by tests. Sockets that were made before may take no notice of it.
var waitPolicy atomic.Uint32

// SetWait changes where receives wait, to "ring", "poller" or "auto", and returns how it was.
func SetWait(name string) (before string, err error) {
	policy, ok := waitNames[name]
	if !ok {
		return "", fmt.Errorf("%s=%q is none of auto, ring and poller", waitName, name)
	}
	switch waitPolicy.Swap(policy) {
	case waitOnRing:
		return "ring", nil
	case waitInPoller:
		return "poller", nil
	}
	return "auto", nil
}

func waitFromEnvironment() error {
	_, err := SetWait(os.Getenv(waitName))
	return err
}
