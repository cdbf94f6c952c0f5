//go:build linux

package ring

import (
	"unsafe"

	sys "github.com/iceber/iouring-go/syscall"
)

// address is where the kernel will find p. The caller keeps p reachable, and off any stack, until
// the final completion of the request: a uint64 does neither.
func address(p []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))) }

// PrepRecv asks for a recv into p. With pollFirst the kernel waits for data without trying first.
func PrepRecv(sqe *SQE, fd int32, p []byte, pollFirst bool) {
	sqe.PrepOperation(sys.IORING_OP_RECV, fd, address(p), uint32(len(p)), 0)
	if pollFirst {
		sqe.SetIoprio(recvPollFirst)
	}
}

// PrepCancel asks to cancel the request with the user data given. It completes only if it fails.
func PrepCancel(sqe *SQE, target uint64) {
	sqe.PrepOperation(sys.IORING_OP_ASYNC_CANCEL, -1, target, 0, 0)
	sqe.SetFlags(sqeSkipSuccess)
}

// PrepNop makes an entry a request that does nothing.
func PrepNop(sqe *SQE) { sqe.PrepOperation(sys.IORING_OP_NOP, -1, 0, 0, 0) }

// PrepSilentNop makes an entry a request that does nothing and completes without a CQE.
func PrepSilentNop(sqe *SQE) {
	sqe.Reset()
	PrepNop(sqe)
	sqe.SetFlags(sqeSkipSuccess)
	sqe.SetUserData(NoUserData)
}
