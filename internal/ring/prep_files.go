//go:build linux

package ring

import sys "github.com/iceber/iouring-go/syscall"

// Requests about files. The caller keeps the memory reachable, as with PrepRecv.

// AtFilePosition as an offset reads and writes where the file's position is, and moves it.
const AtFilePosition = ^uint64(0)

// PrepRead asks for a pread into p.
func PrepRead(sqe *SQE, fd int32, p []byte, offset uint64) {
	sqe.PrepOperation(sys.IORING_OP_READ, fd, address(p), uint32(len(p)), offset)
}

// PrepWrite asks for a pwrite of p.
func PrepWrite(sqe *SQE, fd int32, p []byte, offset uint64) {
	sqe.PrepOperation(sys.IORING_OP_WRITE, fd, address(p), uint32(len(p)), offset)
}

// InWorker has a request for a file begin in a thread of the kernel. Without it io_uring_enter(2)
// tries first, and where a file has a poll function it believes that the try will not wait. Those
// of FUSE and of /proc have one, and wait all the same.
func InWorker(sqe *SQE) { sqe.SetFlags(sqeAsync) }

// PrepSync asks for an fsync, or for an fdatasync.
func PrepSync(sqe *SQE, fd int32, onlyData bool) {
	sqe.PrepOperation(sys.IORING_OP_FSYNC, fd, 0, 0, 0)
	if onlyData {
		sqe.SetOpFlags(sys.IORING_FSYNC_DATASYNC)
	}
}
