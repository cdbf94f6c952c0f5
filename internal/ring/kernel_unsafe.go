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

// kernel is the other side of a ring. Tests put a fake in its place.
type kernel interface {
	setup(entries uint32, p *Params) (fd int, err error)
	mmap(fd int, offset uint64, size int) ([]byte, error)
	munmap(mem []byte) error
	enter(fd int, toSubmit, flags uint32) (int, syscall.Errno)
	restrict(fd int, to []restriction) error
	enable(fd int) error
	close(fd int) error
}

// linux is the running kernel.
type linux struct{}

func (linux) setup(entries uint32, p *Params) (int, error) {
	fd, err := sys.IOURingSetup(uint(entries), p)
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return -1, errno
	}
	return fd, err
}

func (linux) mmap(fd int, offset uint64, size int) ([]byte, error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_POPULATE
	mem, err := unix.Mmap(fd, int64(offset), size, prot, flags)
	return mem, os.NewSyscallError("mmap", err)
}

func (linux) munmap(mem []byte) error { return os.NewSyscallError("munmap", unix.Munmap(mem)) }

// rawMax is how many entries are handed over without telling the scheduler. The call does not
// block, unless it is asked to wait for room, and preparing this few ends sooner than another
// thread could take over the P.
const rawMax = 32

func (linux) enter(fd int, toSubmit, flags uint32) (int, syscall.Errno) {
	if toSubmit <= rawMax && flags&sys.IORING_ENTER_FLAGS_SQ_WAIT == 0 {
		n, _, errno := syscall.RawSyscall6(sys.SYS_IO_URING_ENTER, uintptr(fd), uintptr(toSubmit), 0, uintptr(flags), 0, 0)
		return int(n), errno
	}
	n, _, errno := syscall.Syscall6(sys.SYS_IO_URING_ENTER, uintptr(fd), uintptr(toSubmit), 0, uintptr(flags), 0, 0)
	return int(n), errno
}

func (linux) restrict(fd int, to []restriction) error {
	return register(fd, registerRestrictions, unsafe.Pointer(unsafe.SliceData(to)), len(to))
}

func (linux) enable(fd int) error { return register(fd, registerEnableRings, nil, 0) }

// register is io_uring_register; its error is a syscall.Errno.
func register(fd int, opcode uint32, arg unsafe.Pointer, n int) error {
	_, _, errno := syscall.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(fd), uintptr(opcode),
		uintptr(arg), uintptr(n), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func (linux) close(fd int) error { return os.NewSyscallError("close", unix.Close(fd)) }

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
