//go:build linux

package ring

import sys "github.com/iceber/iouring-go/syscall"

// PrepRead asks for a pread of a file into p. The caller keeps p reachable, as with PrepRecv.
func PrepRead(sqe *SQE, fd int32, p []byte, offset uint64) {
	sqe.PrepOperation(sys.IORING_OP_READ, fd, address(p), uint32(len(p)), offset)
}
