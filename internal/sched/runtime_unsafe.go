//go:build linux && !uringnet_nolinkname && !go1.28

package sched

import (
	"time"
	"unsafe"
)

// This is the only file that reaches into the runtime. Its build constraint names the first release
// of Go that nobody has checked yet: from there on, and with the build tag uringnet_nolinkname,
// runtime_plain_unsafe.go takes its place, and package net serves. TestLinknames compares what is
// declared here with the runtime's source.

// Linked reports whether the runtime can be reached. Without it nothing else of this package works.
const Linked = true

//go:linkname gopark runtime.gopark
func gopark(unlockf func(g, lock unsafe.Pointer) bool, lock unsafe.Pointer, reason, traceReason uint8, traceskip int)

//go:linkname goready runtime.goready
func goready(g unsafe.Pointer, traceskip int)

//go:linkname goyield runtime.goyield
func goyield()

//go:linkname entersyscall runtime.entersyscall
func entersyscall()

//go:linkname entersyscallblock runtime.entersyscallblock
func entersyscallblock()

//go:linkname exitsyscall runtime.exitsyscall
func exitsyscall()

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// nanotime is the real clock, in a testing/synctest bubble too.
//
//go:linkname nanotime runtime.nanotime
func nanotime() int64

// resetTimer is Timer.Reset by the real clock. The timer was not made in a bubble.
//
//go:linkname resetTimer time.resetTimer
func resetTimer(t *time.Timer, when, period int64) bool

//go:linkname semacquire internal/poll.runtime_Semacquire
func semacquire(sema *uint32)

//go:linkname semrelease internal/poll.runtime_Semrelease
func semrelease(sema *uint32)

// The runtime's poller, by the functions that package internal/poll calls. A pd is a pollDesc,
// which the runtime never frees but uses again for other descriptors; a mode is 'r' or 'w'.

//go:linkname pollOpen internal/poll.runtime_pollOpen
func pollOpen(fd uintptr) (pd uintptr, errno int)

//go:linkname pollClose internal/poll.runtime_pollClose
func pollClose(pd uintptr)

//go:linkname pollReset internal/poll.runtime_pollReset
func pollReset(pd uintptr, mode int) int

//go:linkname pollWait internal/poll.runtime_pollWait
func pollWait(pd uintptr, mode int) int

//go:linkname pollSetDeadline internal/poll.runtime_pollSetDeadline
func pollSetDeadline(pd uintptr, d int64, mode int)

//go:linkname pollUnblock internal/poll.runtime_pollUnblock
func pollUnblock(pd uintptr)
