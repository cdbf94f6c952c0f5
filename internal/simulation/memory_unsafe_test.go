//go:build linux

package simulation

import (
	"sync/atomic"
	"unsafe"
)

// word is the 32-bit word at an offset of memory that a ring shares with its kernel.
func word(mem []byte, offset uint32) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&mem[offset : offset+4][0]))
}

// addressOf is where a buffer is, as the kernel sees it.
func addressOf(p []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))) }
