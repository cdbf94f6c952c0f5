//go:build linux

package ring

import (
	"runtime"
	"strings"
	"syscall"
	"time"
	"unsafe"

	sys "github.com/iceber/iouring-go/syscall"
	"golang.org/x/sys/unix"
)

// trial is a page that a child process shares with us. We fill in the arguments of its system calls
// before it starts; it says how far it has come.
type trial struct {
	kParams Params
	kRules  [len8]Restriction
	nRules  int32
	fd      int32

	step  int32 // the call it is at; see the steps
	errno int32 // what that call answered
}

// len8 is room for more rules than there are.
const len8 = 8

// What a child does, in this order.
const (
	stepBegin int32 = iota
	stepWait
	stepSetup
	stepRestrict
	stepEnable
	stepEnter
	stepDone
)

func newTrial() (*trial, error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED | unix.MAP_ANONYMOUS
	mem, err := unix.Mmap(-1, 0, int(unsafe.Sizeof(trial{})), prot, flags)
	if err != nil {
		return nil, err
	}
	t := (*trial)(unsafe.Pointer(&mem[0]))
	t.kParams = Params{Flags: sys.IORING_SETUP_R_DISABLED}
	t.nRules = int32(copy(t.kRules[:], forSockets))
	return t, nil
}

func (t *trial) free() {
	unix.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(t)), unsafe.Sizeof(*t)))
}

// fork starts a child that runs t, and returns its process id and a descriptor for it.
//
// The child has a copy of our memory, as after fork(2). Sharing the memory would be cheaper, but
// a filter that kills with a core dump kills everything that shares it, and a child that waits
// for ever would have us wait. The price is copying the page tables and dropping them again:
// about 2 ms for a small program, and 25 to 50 ms more for each GiB that is resident in small
// pages.
//
// It sends no signal when it ends, so that neither os/signal nor a wait4(-1) of the program meets
// it. All signals are blocked around the clone. So the runtime's handlers never run in the child,
// and a filter that traps ends it, since a signal that is blocked cannot be handed to a handler.
func fork(t *trial) (pid, pidfd int, errno syscall.Errno) {
	var old unix.Sigset_t
	all := allSignals()
	kPidfd := int32(-1)
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &old); err != nil {
		return -1, -1, err.(syscall.Errno)
	}
	pid, errno = clone(t, &kPidfd)
	unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil)
	return pid, int(kPidfd), errno
}

// epollWait waits for one event. All signals are blocked meanwhile, so that none ends the wait
// early but a stop of the whole process. It waits anew then.
func epollWait(ep int, patience time.Duration) (int, syscall.Errno) {
	var (
		event unix.EpollEvent
		all   = allSignals()
		size  = uintptr(8) // of the kernel's sigset_t
	)
	if strings.HasPrefix(runtime.GOARCH, "mips") {
		size = 16
	}
	for {
		n, _, errno := syscall.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(ep), uintptr(unsafe.Pointer(&event)), 1,
			uintptr(patience.Milliseconds()), uintptr(unsafe.Pointer(&all)), size)
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

func allSignals() (set unix.Sigset_t) {
	for i := range set.Val {
		set.Val[i]--
	}
	return set
}

// clone returns in the parent only. On s390x the stack is the first argument and the flags are the
// second; all others have it the other way round, and the pidfd's place is the third everywhere.
//
//go:nosplit
//go:norace
func clone(t *trial, kPidfd *int32) (int, syscall.Errno) {
	first, second := uintptr(unix.CLONE_PIDFD), uintptr(0)
	if runtime.GOARCH == "s390x" {
		first, second = second, first
	}
	pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, first, second, uintptr(unsafe.Pointer(kPidfd)), 0, 0, 0)
	if errno == 0 && pid == 0 {
		t.run()
	}
	return int(pid), errno
}

// run is all that the child does. Only its one thread is there: nothing of Go's runtime works, so
// that there may be no allocation, no lock, no growth of the stack.
//
//go:nosplit
//go:norace
func (t *trial) run() {
	// No core dump is to be left of a child that is killed.
	syscall.RawSyscall6(unix.SYS_PRCTL, unix.PR_SET_DUMPABLE, 0, 0, 0, 0, 0)
	// Our parent will wait for us. If a filter kills for that, we had better die of it first. It
	// has no children here, and so no answer.
	t.step = stepWait
	syscall.RawSyscall6(unix.SYS_WAIT4, ^uintptr(0), 0, unix.WNOHANG, 0, 0, 0)
	t.call(stepSetup, unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&t.kParams)), 0, 0)
	fd := uintptr(t.fd)
	t.call(stepRestrict, unix.SYS_IO_URING_REGISTER, fd, uintptr(registerRestrictions),
		uintptr(unsafe.Pointer(&t.kRules)), uintptr(t.nRules))
	t.call(stepEnable, unix.SYS_IO_URING_REGISTER, fd, uintptr(registerEnableRings), 0, 0)
	t.call(stepEnter, unix.SYS_IO_URING_ENTER, fd, 0, 0, 0)
	t.step = stepDone
	exit()
}

// call makes a system call of the child's, which ends if it fails.
//
//go:nosplit
//go:norace
func (t *trial) call(step int32, number, a, b, c, d uintptr) {
	t.step = step
	r, _, errno := syscall.RawSyscall6(number, a, b, c, d, 0, 0)
	if errno != 0 {
		t.errno = int32(errno)
		exit()
	}
	if step == stepSetup {
		t.fd = int32(r)
	}
}

//go:nosplit
//go:norace
func exit() {
	for {
		syscall.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
	}
}
