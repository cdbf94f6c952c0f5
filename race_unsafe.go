//go:build race

package uringnet

import (
	"runtime"
	"unsafe"
)

// The race detector does not see that data goes through the kernel. As package net does, every Write is made to happen before
// every later Read.
var raceIO byte

func raceWrite() { runtime.RaceReleaseMerge(unsafe.Pointer(&raceIO)) }

func raceRead() { runtime.RaceAcquire(unsafe.Pointer(&raceIO)) }
