//go:build linux && (uringnet_nolinkname || go1.28)

package sched

import (
	"time"
	"unsafe"
)

// Linked reports whether the runtime can be reached. Without it nothing else of this package works:
// package net serves, and nobody calls the functions below.
const Linked = false

const notLinked = "uringnet: built without access to the runtime"

func gopark(func(g, lock unsafe.Pointer) bool, unsafe.Pointer, uint8, uint8, int) { panic(notLinked) }
func goready(unsafe.Pointer, int)                                                 { panic(notLinked) }
func entersyscall()                                                               { panic(notLinked) }
func entersyscallblock()                                                          { panic(notLinked) }
func exitsyscall()                                                                { panic(notLinked) }
func goyield()                                                                    { panic(notLinked) }
func procPin() int                                                                { panic(notLinked) }
func procUnpin()                                                                  { panic(notLinked) }
func nanotime() int64                                                             { panic(notLinked) }
func resetTimer(*time.Timer, int64, int64) bool                                   { panic(notLinked) }
func semacquire(*uint32)                                                          { panic(notLinked) }
func semrelease(*uint32)                                                          { panic(notLinked) }
func pollOpen(uintptr) (pd uintptr, errno int)                                    { panic(notLinked) }
func pollClose(uintptr)                                                           { panic(notLinked) }
func pollReset(uintptr, int) int                                                  { panic(notLinked) }
func pollWait(uintptr, int) int                                                   { panic(notLinked) }
func pollSetDeadline(uintptr, int64, int)                                         { panic(notLinked) }
func pollUnblock(uintptr)                                                         { panic(notLinked) }
