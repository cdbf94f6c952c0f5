//go:build linux

package main

var collector = fault{
	name:   "collector",
	what:   "GOGC=1",
	env:    []string{"GOGC=1"},
	inject: expose,
}
