package choice

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/uringnet/uringnet/internal/ring"
	"github.com/uringnet/uringnet/internal/sched"
)

var errNotLinked = errors.New(runtime.Version() + " is not a release of Go that this version of uringnet knows, " +
	"or the build tag uringnet_nolinkname is set")

// startRings finds out whether rings can be had, and lets receives wait there. The error says why
// not.
func startRings() (string, error) {
	if !sched.Linked {
		return "", errNotLinked
	}
	if os.Getenv(sched.WaitName) == "poller" {
		return "", errors.New(sched.WaitName + "=poller wants no rings")
	}
	if err := sched.Start(); err != nil {
		return "", ring.Explain(err)
	}
	how := fmt.Sprintf("Linux %s has all that is needed", ring.KernelRelease())
	if sched.SQPoll() {
		how += "; URINGNET_SQPOLL: the kernel polls the rings"
	}
	return how, nil
}

// startPoller has all sockets wait in the runtime's poller.
func startPoller() error {
	if !sched.Linked {
		return errNotLinked
	}
	sched.StartWithoutRings()
	return nil
}
