//go:build linux

package ring

import (
	"errors"
	"os"
	"syscall"
	"unsafe"

	sys "github.com/iceber/iouring-go/syscall"
	"golang.org/x/sys/unix"
)

// Kernel is the other side of a ring. Tests and simulations put another in the place of the
// running one.
type Kernel interface {
	// Setup is io_uring_setup(2). Its error is a syscall.Errno by errors.Is.
	Setup(entries uint32, p *Params) (fd int, err error)
	// Mmap maps a part of the ring, which an offset of the ABI names.
	Mmap(fd int, offset uint64, size int) ([]byte, error)
	Munmap(mem []byte) error
	// Enter is io_uring_enter(2), which waits for no completion. EnterAndWait waits for one.
	Enter(fd int, toSubmit, flags uint32) (int, syscall.Errno)
	EnterAndWait(fd int, toSubmit uint32) syscall.Errno
	// LimitWorkers, Restrict and Enable are the calls of io_uring_register(2) in the birth of a ring.
	// The first says how many threads of the kernel may wait for regular files, Linux 5.15.
	LimitWorkers(fd int, most uint32) error
	Restrict(fd int, to []Restriction) error
	Enable(fd int) error
	Close(fd int) error
}

// SystemCall makes a system call that waits.
type SystemCall func(trap, a1, a2, a3, a4, a5, a6 uintptr) (r uintptr, errno syscall.Errno)

// linux is the running kernel.
type linux struct{ wait SystemCall }

func (linux) Setup(entries uint32, p *Params) (int, error) {
	fd, err := sys.IOURingSetup(uint(entries), p)
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return -1, errno
	}
	return fd, err
}

func (linux) Mmap(fd int, offset uint64, size int) ([]byte, error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	mem, err := unix.Mmap(fd, int64(offset), size, prot, flags)
	return mem, os.NewSyscallError("mmap", err)
}

func (linux) Munmap(mem []byte) error { return os.NewSyscallError("munmap", unix.Munmap(mem)) }

// rawMax is how many entries are handed over without telling the scheduler. The call does not
// block, unless it is asked to wait for room, and preparing this few ends sooner than another
// thread could take over the P.
const rawMax = 32

func (linux) Enter(fd int, toSubmit, flags uint32) (int, syscall.Errno) {
	if toSubmit <= rawMax && flags&sys.IORING_ENTER_FLAGS_SQ_WAIT == 0 {
		n, _, errno := syscall.RawSyscall6(sys.SYS_IO_URING_ENTER, uintptr(fd), uintptr(toSubmit), 0, uintptr(flags), 0, 0)
		return int(n), errno
	}
	n, _, errno := syscall.Syscall6(sys.SYS_IO_URING_ENTER, uintptr(fd), uintptr(toSubmit), 0, uintptr(flags), 0, 0)
	return int(n), errno
}

func (l linux) EnterAndWait(fd int, toSubmit uint32) syscall.Errno {
	_, errno := l.wait(sys.SYS_IO_URING_ENTER, uintptr(fd), uintptr(toSubmit), 1, uintptr(enterGetEvents), 0, 0)
	return errno
}

func (linux) Restrict(fd int, to []Restriction) error {
	return register(fd, registerRestrictions, unsafe.Pointer(unsafe.SliceData(to)), len(to))
}

func (linux) LimitWorkers(fd int, most uint32) error {
	limits := [2]uint32{most, 0} // 0 leaves that of other requests as it is
	return register(fd, registerMaxWorkers, unsafe.Pointer(&limits), len(limits))
}

func (linux) Enable(fd int) error { return register(fd, registerEnableRings, nil, 0) }

// register is io_uring_register; its error is a syscall.Errno.
func register(fd int, opcode uint32, arg unsafe.Pointer, n int) error {
	_, _, errno := syscall.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(fd), uintptr(opcode),
		uintptr(arg), uintptr(n), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func (linux) Close(fd int) error { return os.NewSyscallError("close", unix.Close(fd)) }

// word is the 32-bit word at an offset of mapped memory; the kernel aligns it.
func word(mem []byte, offset uint32) *uint32 {
	return (*uint32)(unsafe.Pointer(&mem[offset : offset+4][0]))
}

// sqesOf and cqesOf view mapped memory as queue entries.
func sqesOf(mem []byte, n uint32) []SQE {
	return unsafe.Slice((*SQE)(unsafe.Pointer(&mem[:uintptr(n)*unsafe.Sizeof(SQE{})][0])), n)
}

func cqesOf(mem []byte, offset, n uint32) []CQE {
	m := mem[offset:]
	return unsafe.Slice((*CQE)(unsafe.Pointer(&m[:uintptr(n)*unsafe.Sizeof(CQE{})][0])), n)
}
