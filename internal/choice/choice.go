// Package choice chooses what runs the sockets of a process: by the environment variable URINGNET,
// by what the kernel offers, and by what the runtime lets us reach.
package choice

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// The names of the backends.
const (
	IOUring = "io_uring" // this module's sockets, whose receives may wait on rings
	Poller  = "poller"   // this module's sockets without rings
	Net     = "net"      // package net's sockets
)

// Backend is what was chosen.
type Backend struct {
	Name   string // one of the names above
	Reason string // in words for a person

	// Err is what the making of sockets fails with, or nil. It is set where the environment forbids
	// all that can be had.
	Err error
}

// variable is the environment variable that steers the choice; debugVariable has it told on
// standard error, if it is neither empty nor 0.
const (
	variable      = "URINGNET"
	debugVariable = "URINGNET_DEBUG"
)

// ErrUnavailable is in the chain of Backend.Err when URINGNET=require and io_uring cannot be had.
var ErrUnavailable = errors.New("io_uring is not available")

// Chosen returns the backend. The first call reads the environment and starts it.
var Chosen = sync.OnceValue(func() Backend {
	b := choose(os.Getenv(variable), startRings, startPoller)
	if v := os.Getenv(debugVariable); v != "" && v != "0" {
		b.tell()
	}
	return b
})

// tell writes one line. It does not go by slog.Default: what the program makes of its log is its
// own matter, and whoever sets the variable wants to see the line.
func (b Backend) tell() {
	slog.New(slog.NewTextHandler(os.Stderr, nil)).Info("uringnet: backend chosen", "backend", b.Name, "reason", b.Reason)
}

// choose chooses by env, the value of the variable. rings and poller start these backends, or say
// why they cannot; rings also says what it has found.
func choose(env string, rings func() (string, error), poller func() error) Backend {
	onPoller := func(reason string) Backend {
		if err := poller(); err != nil {
			return Backend{Name: Net, Reason: fmt.Sprintf("%v: using package net", err)}
		}
		return Backend{Name: Poller, Reason: reason}
	}
	refuse := func(reason string, err error) Backend {
		return Backend{Name: Net, Reason: reason, Err: fmt.Errorf("uringnet: %w", err)}
	}
	switch env {
	case "off":
		return Backend{Name: Net, Reason: "URINGNET=off: using package net"}
	case "poller":
		return onPoller("URINGNET=poller: using the poller")
	case "", "auto", "require":
	default:
		err := fmt.Errorf("URINGNET=%q is not one of off, poller, require, auto", env)
		return refuse(err.Error(), err)
	}
	how, err := rings()
	if err == nil {
		return Backend{Name: IOUring, Reason: how}
	}
	if env == "require" {
		return refuse(err.Error()+": URINGNET=require forbids anything else",
			fmt.Errorf("URINGNET=require: %w: %w", ErrUnavailable, err))
	}
	return onPoller(err.Error() + ": using the poller")
}
