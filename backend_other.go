//go:build !linux

package uringnet

import (
	"errors"
	"runtime"
)

// io_uring and the poller of this package are Linux's; package net serves elsewhere.
var errNotLinux = errors.New("io_uring is a Linux interface, this is " + runtime.GOOS)

// sockets is not called: package net is chosen.
func sockets() backend { return netBackend{} }

func probeFeatures() (Features, error) { return nil, errNotLinux }

func readRingStats() Stats { return Stats{} }
