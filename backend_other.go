//go:build !linux

package uringnet

import (
	"errors"
	"runtime"
)

// io_uring and the poller of this package are Linux's; package net serves elsewhere.
var errNotLinux = errors.New("io_uring is a Linux interface, this is " + runtime.GOOS)

func startRings() (backend, string, error) { return nil, "", errNotLinux }

func startPoller() (backend, error) { return nil, errNotLinux }

func probeFeatures() (Features, error) { return nil, errNotLinux }

func readRingStats() Stats { return Stats{} }
