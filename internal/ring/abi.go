//go:build linux

package ring

import (
	"unsafe"

	sys "github.com/iceber/iouring-go/syscall"
)

// The kernel's ABI, include/uapi/linux/io_uring.h: what the syscall package of iouring-go lacks.

// SQE is struct io_uring_sqe.
type SQE = sys.SubmissionQueueEntry64

// Params is struct io_uring_params.
type Params = sys.IOURingParams

// CQE is struct io_uring_cqe.
type CQE struct {
	UserData uint64
	Res      int32
	Flags    uint32
}

// CQE flags.
const (
	CQEBuffer       uint32 = 1 << 0 // IORING_CQE_F_BUFFER: the upper 16 bits are a buffer id
	CQESockNonEmpty uint32 = 1 << 2 // IORING_CQE_F_SOCK_NONEMPTY: the socket had more to read
	cqeBufferShift         = 16     // IORING_CQE_BUFFER_SHIFT
)

// BufferID is the id of the provided buffer that the completion used.
func (c *CQE) BufferID() uint16 { return uint16(c.Flags >> cqeBufferShift) }

// Setup flags beyond iouring-go's.
const (
	setupSingleIssuer uint32 = 1 << 12 // IORING_SETUP_SINGLE_ISSUER
	setupDeferTaskrun uint32 = 1 << 13 // IORING_SETUP_DEFER_TASKRUN
	setupNoSQArray    uint32 = 1 << 16 // IORING_SETUP_NO_SQARRAY, Linux 6.6
)

// Words of the rings' flags.
const (
	sqCQOverflow uint32 = 1 << 1 // IORING_SQ_CQ_OVERFLOW
)

// SQE flags and per-operation flags beyond iouring-go's.
const (
	sqeBufferSelect uint8 = 1 << 5 // IOSQE_BUFFER_SELECT
	sqeSkipSuccess  uint8 = 1 << 6 // IOSQE_CQE_SKIP_SUCCESS, Linux 5.17

	recvPollFirst uint16 = 1 << 0 // IORING_RECVSEND_POLL_FIRST
)

// Enter and register.
const (
	enterGetEvents uint32 = 1 << 0 // IORING_ENTER_GETEVENTS

	registerPbufRing   uint32 = 22 // IORING_REGISTER_PBUF_RING
	unregisterPbufRing uint32 = 23 // IORING_UNREGISTER_PBUF_RING
)

// bufReg is struct io_uring_buf_reg.
type bufReg struct {
	ringAddr    uint64
	ringEntries uint32
	bgid        uint16
	flags       uint16
	resv        [3]uint64
}

// bufSize is the size of struct io_uring_buf {u64 addr; u32 len; u16 bid; u16 resv}. The ring's
// tail lies over the resv of entry 0.
const (
	bufSize       = 16
	bufOffLen     = 8
	bufOffBidTail = 12
)

// The compiler refuses a negative array length: each line asserts a size or an offset of the ABI.
var (
	_ [64 - unsafe.Sizeof(SQE{})]byte
	_ [unsafe.Sizeof(SQE{}) - 64]byte
	_ [16 - unsafe.Sizeof(CQE{})]byte
	_ [unsafe.Sizeof(CQE{}) - 16]byte
	_ [120 - unsafe.Sizeof(Params{})]byte
	_ [unsafe.Sizeof(Params{}) - 120]byte
	_ [40 - unsafe.Offsetof(Params{}.SQOffset)]byte
	_ [unsafe.Offsetof(Params{}.SQOffset) - 40]byte
	_ [80 - unsafe.Offsetof(Params{}.CQOffset)]byte
	_ [unsafe.Offsetof(Params{}.CQOffset) - 80]byte
	_ [40 - unsafe.Sizeof(bufReg{})]byte
	_ [unsafe.Sizeof(bufReg{}) - 40]byte
	_ [12 - unsafe.Offsetof(CQE{}.Flags)]byte
	_ [unsafe.Offsetof(CQE{}.Flags) - 12]byte
)
