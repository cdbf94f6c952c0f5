//go:build linux

package main

import (
	"runtime"
	"time"
)

// procs changes GOMAXPROCS between 1 and 8. That also brings and takes groups of Ps that have a
// ring each.
func procs(s *soak) error {
	before := runtime.GOMAXPROCS(0)
	n := 0
	once := func() error {
		n = n%8 + 1
		runtime.GOMAXPROCS(n)
		time.Sleep(50 * time.Millisecond)
		return nil
	}
	s.repeat("procs", 1, func() (func() error, func(), error) {
		return once, func() { runtime.GOMAXPROCS(before) }, nil
	})
	return nil
}
