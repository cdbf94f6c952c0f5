//go:build linux

// Package rawio has the few system calls of the benchmark's single-threaded event loops, without
// the Go scheduler's part: a thread that runs nothing but the loop need not tell the scheduler that
// it enters the kernel, which is what makes these loops a ceiling for what Go servers can reach.
// Never use it where other goroutines must run on the same P: while a call blocks, the P is
// blocked.
package rawio

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Read is read(2), repeated if a signal interrupts it. b must not be empty.
func Read(fd int, b []byte) (int, error) {
	return again(unix.SYS_READ, fd, unsafe.Pointer(&b[0]), len(b))
}

// Write is write(2), repeated if a signal interrupts it. b must not be empty.
func Write(fd int, b []byte) (int, error) {
	return again(unix.SYS_WRITE, fd, unsafe.Pointer(&b[0]), len(b))
}

func again(call uintptr, fd int, p unsafe.Pointer, n int) (int, error) {
	for {
		r, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(p), uintptr(n))
		switch errno {
		case 0:
			return int(r), nil
		case unix.EINTR:
			continue
		}
		return 0, errno
	}
}

// EpollWait is epoll_wait(2); a signal makes it return 0 events. A negative timeout waits for ever.
func EpollWait(ep int, events []unix.EpollEvent, millis int) (int, error) {
	r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(ep), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), uintptr(millis), 0, 0)
	switch errno {
	case 0:
		return int(r), nil
	case unix.EINTR:
		return 0, nil
	}
	return 0, errno
}

// EpollWaitFor is epoll_pwait2(2), of Linux 5.11 and later: EpollWait with a timeout that is not
// rounded up to milliseconds. The timeout must not be negative.
func EpollWaitFor(ep int, events []unix.EpollEvent, timeout time.Duration) (int, error) {
	// on 32 bits too
	ts := struct{ sec, nsec int64 }{int64(timeout / time.Second), int64(timeout % time.Second)}
	r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(ep), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	switch errno {
	case 0:
		return int(r), nil
	case unix.EINTR:
		return 0, nil
	}
	return 0, errno
}

// Close is close(2).
func Close(fd int) { unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }
