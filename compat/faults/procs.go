//go:build linux

package main

import (
	"runtime"
	"time"
)

var procs = fault{
	name: "procs",
	what: "GOMAXPROCS changing between 1 and 64 in both processes",
	inject: func(t *trial) error {
		return t.both(func(p *process) error {
			_, err := p.inside("procs")
			return err
		})
	},
}

func init() {
	inside["procs"] = func(*Child) (string, error) {
		before := runtime.GOMAXPROCS(0)
		defer runtime.GOMAXPROCS(before)
		for n := range 64 {
			runtime.GOMAXPROCS(n + 1)
			time.Sleep(2 * time.Millisecond)
			runtime.GOMAXPROCS(64 - n)
			time.Sleep(2 * time.Millisecond)
		}
		return "", nil
	}
}
