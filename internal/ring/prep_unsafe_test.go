//go:build linux

package ring

import "unsafe"

// userData reads what iouring-go's entry only lets us write.
func userData(sqe *SQE) uint64 { return *(*uint64)(unsafe.Add(unsafe.Pointer(sqe), 32)) }
