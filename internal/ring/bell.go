//go:build linux

package ring

import (
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// Bell wakes a thread that waits in EnterAndWait: a counter, see eventfd(2), that a request reads.
type Bell struct {
	fd    int
	count []byte
}

// NewBell makes a bell.
func NewBell() (*Bell, error) {
	// A file that does not block has io_uring say so instead of waiting.
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	return &Bell{fd: fd, count: make([]byte, 8)}, nil
}

// Close frees the bell.
func (b *Bell) Close() error { return os.NewSyscallError("close", unix.Close(b.fd)) }

var one = binary.NativeEndian.AppendUint64(nil, 1)

// Strike ends a PrepHear, or the next one. Any goroutine may call it.
func (b *Bell) Strike() {
	// It fails, or waits, when the counter is full, which takes 2^64 writes.
	if _, err := unix.Write(b.fd, one); err != nil {
		panic("uringnet: write to an eventfd: " + err.Error())
	}
}

// PrepHear asks to be told of a strike, by a completion with NoUserData. One at a time may be
// asked.
func (b *Bell) PrepHear(sqe *SQE) {
	PrepRead(sqe, int32(b.fd), b.count, 0)
	sqe.SetUserData(NoUserData)
}
