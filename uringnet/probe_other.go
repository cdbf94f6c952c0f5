//go:build !linux

package main

import "runtime"

func system() string { return runtime.GOOS + " " + runtime.GOARCH }

func limits() []limit { return []limit{} }

var warnings = func() []string { return nil } // but in tests
