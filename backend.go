package uringnet

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// BackendInfo says which implementation runs the sockets of this process.
type BackendInfo struct {
	// Name is "io_uring" or "net".
	Name string `json:"name"`
	// Reason says why, in words for a person.
	Reason string `json:"reason"`
}

// String returns the name and the reason on one line.
func (b BackendInfo) String() string { return b.Name + " (" + b.Reason + ")" }

// Backend reports which implementation runs the sockets of this process and why. The first
// call, or the first socket, decides it for the life of the process. The environment variable URINGNET
// steers it: "off" means package net, "require" makes every Listen and Dial fail
// where io_uring cannot be had, "auto" or nothing chooses by what the machine offers.
// It may be called from any goroutine.
func Backend() BackendInfo {
	b := chooseBackend()
	return b.info
}

// ErrUnavailable is in the error chain of Listen and Dial when URINGNET=require and io_uring cannot be had.
var ErrUnavailable = errors.New("io_uring is not available")

type backend struct {
	info BackendInfo
	ring bool
	err  error // what Listen and Dial return, if the environment forbids the fallback
}

var chooseBackend = sync.OnceValue(func() backend { return newBackend(os.Getenv("URINGNET"), startRings) })

func newBackend(env string, start func() (string, error)) backend {
	onNet := func(reason string) backend { return backend{info: BackendInfo{"net", reason}} }
	switch env {
	case "off":
		return onNet("URINGNET=off: using package net")
	case "", "auto", "require":
	default:
		b := onNet(fmt.Sprintf("URINGNET=%q is not one of off, require, auto", env))
		b.err = fmt.Errorf("uringnet: %s", b.info.Reason)
		return b
	}
	how, err := start()
	if err == nil {
		return backend{info: BackendInfo{"io_uring", how}, ring: true}
	}
	b := onNet(err.Error() + ": using package net")
	if env == "require" {
		b.info.Reason = err.Error() + ": URINGNET=require forbids package net"
		b.err = fmt.Errorf("uringnet: URINGNET=require: %w: %w", ErrUnavailable, err)
	}
	return b
}
