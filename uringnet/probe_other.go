//go:build !linux

package main

import "runtime"

func system() string { return runtime.GOOS + " " + runtime.GOARCH }

func limits() []limit { return []limit{} }

func warnings() []string { return nil }
