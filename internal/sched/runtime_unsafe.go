//go:build linux && !uringnet_nolinkname

package sched

import "unsafe"

// This is the only file that reaches into the runtime. The build tag uringnet_nolinkname replaces it by runtime_plain.go.

// Watches reports whether the runtime's poller can be reached; see Watch.
const Watches = true

//go:linkname gopark runtime.gopark
func gopark(unlockf func(g, lock unsafe.Pointer) bool, lock unsafe.Pointer, reason, traceReason uint8, traceskip int)

//go:linkname goready runtime.goready
func goready(g unsafe.Pointer, traceskip int)

//go:linkname goyield runtime.goyield
func goyield()

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// The runtime's poller, by the functions that package internal/poll calls. A pd is a pollDesc, which the runtime never frees but
// uses again for other descriptors; a mode is 'r' or 'w'.

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
