package uringnet

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// BackendInfo says which implementation runs the sockets of this process.
type BackendInfo struct {
	// Name is "io_uring", "poller" or "net".
	Name string `json:"name"`
	// Reason says why, in words for a person.
	Reason string `json:"reason"`
}

// String returns the name and the reason on one line.
func (b BackendInfo) String() string { return b.Name + " (" + b.Reason + ")" }

// Backend reports which implementation runs the sockets of this process and why. There are three,
// tried in this order:
//
//   - "io_uring": the sockets of this package. Receives of connections that are at work together
//     wait on a ring, all else in the runtime's poller.
//   - "poller": the same sockets without a ring, where io_uring cannot be had, as in most
//     containers.
//   - "net": package net's sockets, where the runtime's poller cannot be reached either: on systems
//     other than Linux, and with a release of Go that is newer than this package knows.
//
// The first call, or the first socket, decides it for the life of the process. The environment
// variable URINGNET steers it: "auto" or nothing as above, "poller" without io_uring, "off" means
// package net, "require" makes every Listen and Dial fail where io_uring cannot be had. It may be
// called from any goroutine.
func Backend() BackendInfo {
	return chooseBackend().info
}

// ErrUnavailable is in the error chain of Listen and Dial when URINGNET=require and io_uring cannot
// be had.
var ErrUnavailable = errors.New("io_uring is not available")

type backend struct {
	info BackendInfo
	own  bool  // sockets are this package's own
	err  error // what Listen and Dial return, if the environment forbids the fallback
}

var chooseBackend = sync.OnceValue(func() backend { return newBackend(os.Getenv("URINGNET"), startRings, startPoller) })

// newBackend chooses by env. rings and poller start these backends, or say why they cannot; rings
// also says what it has found.
func newBackend(env string, rings func() (string, error), poller func() error) backend {
	onNet := func(reason string) backend { return backend{info: BackendInfo{"net", reason}} }
	onPoller := func(reason string) backend {
		if err := poller(); err != nil {
			return onNet(fmt.Sprintf("%v: using package net", err))
		}
		return backend{info: BackendInfo{"poller", reason}, own: true}
	}
	switch env {
	case "off":
		return onNet("URINGNET=off: using package net")
	case "poller":
		return onPoller("URINGNET=poller: using the poller")
	case "", "auto", "require":
	default:
		b := onNet(fmt.Sprintf("URINGNET=%q is not one of off, poller, require, auto", env))
		b.err = fmt.Errorf("uringnet: %s", b.info.Reason)
		return b
	}
	how, err := rings()
	if err == nil {
		return backend{info: BackendInfo{"io_uring", how}, own: true}
	}
	if env == "require" {
		b := onNet(err.Error() + ": URINGNET=require forbids anything else")
		b.err = fmt.Errorf("uringnet: URINGNET=require: %w: %w", ErrUnavailable, err)
		return b
	}
	return onPoller(err.Error() + ": using the poller")
}
