package sched

import (
	"sync/atomic"
	"syscall"
)

// Between the two calls of the runtime nothing may grow the stack.

// blockingSyscall makes a system call that waits. The P is free at once, and not when the runtime's
// monitor finds it.
//
//go:nosplit
//go:norace
//go:noinline
func blockingSyscall(trap, a1, a2, a3, a4, a5, a6 uintptr) (uintptr, syscall.Errno) {
	entersyscallblock()
	r, _, errno := syscall.RawSyscall6(trap, a1, a2, a3, a4, a5, a6)
	exitsyscall()
	return r, errno
}

// CountedSyscall makes a system call as package syscall does, and counts the threads in it: n is
// one less as soon as the kernel returns, and not when the goroutine has got a P again. It is no
// atomic.Int32, whose methods may grow the stack. A pointer that is converted in the call stays
// where it is, on the heap.
//
//go:uintptrescapes
//go:nosplit
//go:norace
//go:noinline
func CountedSyscall(n *int32, trap, a1, a2, a3, a4, a5, a6 uintptr) (uintptr, syscall.Errno) {
	atomic.AddInt32(n, 1)
	entersyscall()
	r, _, errno := syscall.RawSyscall6(trap, a1, a2, a3, a4, a5, a6)
	atomic.AddInt32(n, -1)
	exitsyscall()
	return r, errno
}
