//go:build linux

package main

var cooperative = fault{
	name:   "cooperative",
	what:   "GODEBUG=asyncpreemptoff=1",
	env:    []string{"GODEBUG=asyncpreemptoff=1"},
	inject: expose,
}
