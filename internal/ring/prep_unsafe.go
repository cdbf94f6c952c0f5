//go:build linux

package ring

import (
	"unsafe"

	sys "github.com/iceber/iouring-go/syscall"
)

// address is where the kernel will find p. The caller keeps p reachable, and off any stack, until the final
// completion of the request: a uint64 does neither.
func address(p []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p)))) }

// PrepRecv asks for a recv into p. With pollFirst the kernel waits for data without trying first.
func PrepRecv(sqe *SQE, fd int32, p []byte, pollFirst bool) {
	sqe.PrepOperation(sys.IORING_OP_RECV, fd, address(p), uint32(len(p)), 0)
	if pollFirst {
		sqe.SetIoprio(recvPollFirst)
	}
}

// PrepRecvPooled asks for a recv of up to size bytes into a buffer that the kernel takes from the given group when
// data is there.
func PrepRecvPooled(sqe *SQE, fd int32, size uint32, group uint16) {
	sqe.PrepOperation(sys.IORING_OP_RECV, fd, 0, size, 0)
	sqe.SetIoprio(recvPollFirst)
	sqe.SetFlags(sqeBufferSelect)
	sqe.SetBufGroup(group)
}

// PrepSend asks for a send of p with the MSG_* flags given.
func PrepSend(sqe *SQE, fd int32, p []byte, flags uint32) {
	sqe.PrepOperation(sys.IORING_OP_SEND, fd, address(p), uint32(len(p)), 0)
	sqe.SetOpFlags(flags)
}

// PrepAccept asks for an accept4 with the SOCK_* flags given.
func PrepAccept(sqe *SQE, fd int32, flags uint32) {
	sqe.PrepOperation(sys.IORING_OP_ACCEPT, fd, 0, 0, 0)
	sqe.SetOpFlags(flags)
}

// PrepConnect asks for a connect to the encoded struct sockaddr.
func PrepConnect(sqe *SQE, fd int32, sockaddr []byte) {
	sqe.PrepOperation(sys.IORING_OP_CONNECT, fd, address(sockaddr), 0, uint64(len(sockaddr)))
}

// PrepPoll asks to be told when one of the POLL* events holds.
func PrepPoll(sqe *SQE, fd int32, events uint32) {
	sqe.PrepOperation(sys.IORING_OP_POLL_ADD, fd, 0, 0, 0)
	sqe.SetOpFlags(pollMask(events))
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

// pollMask is poll32_events in the kernel's word order: big-endian machines swap the halves (io_uring_enter(2)).
func pollMask(events uint32) uint32 {
	one := uint16(1)
	if *(*byte)(unsafe.Pointer(&one)) == 1 {
		return events
	}
	return events<<16 | events>>16
}
