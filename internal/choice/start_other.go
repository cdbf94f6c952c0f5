//go:build !linux

package choice

import (
	"errors"
	"runtime"
)

// io_uring and the poller of this module are Linux's; package net serves elsewhere.
var errNotLinux = errors.New("io_uring is a Linux interface, this is " + runtime.GOOS)

func startRings() (string, error) { return "", errNotLinux }

func startPoller() error { return errNotLinux }
