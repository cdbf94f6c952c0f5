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
	CQESockNonEmpty uint32 = 1 << 2 // IORING_CQE_F_SOCK_NONEMPTY: the socket had more to read
)

// Setup flags beyond iouring-go's.
const (
	setupSingleIssuer uint32 = 1 << 12 // IORING_SETUP_SINGLE_ISSUER, Linux 6.0
	setupDeferTaskrun uint32 = 1 << 13 // IORING_SETUP_DEFER_TASKRUN, Linux 6.1
	setupNoSQArray    uint32 = 1 << 16 // IORING_SETUP_NO_SQARRAY, Linux 6.6
)

// Words of the rings' flags.
const (
	sqCQOverflow uint32 = 1 << 1 // IORING_SQ_CQ_OVERFLOW
)

// SQE flags and per-operation flags beyond iouring-go's.
const (
	sqeSkipSuccess uint8 = 1 << 6 // IOSQE_CQE_SKIP_SUCCESS, Linux 5.17

	recvPollFirst uint16 = 1 << 0 // IORING_RECVSEND_POLL_FIRST
)

// Enter and register.
const (
	enterGetEvents uint32 = 1 << 0 // IORING_ENTER_GETEVENTS

	registerRestrictions uint32 = 11 // IORING_REGISTER_RESTRICTIONS
	registerEnableRings  uint32 = 12 // IORING_REGISTER_ENABLE_RINGS
	registerMaxWorkers   uint32 = 19 // IORING_REGISTER_IOWQ_MAX_WORKERS
)

// Restriction is struct io_uring_restriction: one thing that the ring may do.
type Restriction struct {
	kind  uint16
	value uint8 // an opcode, or SQE flags
	resv  uint8
	resv2 [3]uint32
}

// Kinds of restrictions.
const (
	mayRegister uint16 = 0 // IORING_RESTRICTION_REGISTER_OP
	maySubmit   uint16 = 1 // IORING_RESTRICTION_SQE_OP
	mayFlag     uint16 = 2 // IORING_RESTRICTION_SQE_FLAGS_ALLOWED
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
	_ [16 - unsafe.Sizeof(Restriction{})]byte
	_ [unsafe.Sizeof(Restriction{}) - 16]byte
	_ [12 - unsafe.Offsetof(CQE{}.Flags)]byte
	_ [unsafe.Offsetof(CQE{}.Flags) - 12]byte
)
