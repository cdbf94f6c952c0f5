//go:build !linux

package main

import (
	"fmt"
	"runtime"
)

func newProcess(int) (subject, error) {
	return nil, fmt.Errorf("%s has no /proc to look at a process; give the URL of its variables", runtime.GOOS)
}
