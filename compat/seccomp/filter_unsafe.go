//go:build linux

// Package seccomp installs the filters that containers and careful programs have.
package seccomp

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Deny installs a seccomp filter on all threads, now and later, that answers errno to some calls.
func Deny(errno unix.Errno, calls ...uint32) error {
	if err := Filter(unix.SECCOMP_RET_ERRNO|uint32(errno), calls...); err != nil {
		return err
	}
	for _, call := range calls {
		if _, _, e := unix.Syscall(uintptr(call), ^uintptr(0), 0, 0); e != errno {
			return fmt.Errorf("the filter lets system call %d through: %w", call, e)
		}
	}
	return nil
}

// Filter installs a seccomp filter on all threads, now and later, with an action for some calls.
// For the action that asks a supervisor there is one, which never answers.
func Filter(action uint32, calls ...uint32) error {
	// Offset 0 is seccomp_data.nr.
	prog := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for i, call := range calls {
		// Jump over the comparisons that follow and over "allow".
		prog = append(prog, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(calls) - i), K: call})
	}
	prog = append(prog,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: action},
	)
	fprog := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	flags := uintptr(unix.SECCOMP_FILTER_FLAG_TSYNC)
	supervised := action == unix.SECCOMP_RET_USER_NOTIF
	if supervised {
		flags |= unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH
	}
	runtime.LockOSThread() // the calls belong to one thread; the second brings the others in line
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	r, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&fprog)))
	if e != 0 || r != 0 && !supervised { // then r is the supervisor's descriptor; nobody reads it
		return fmt.Errorf("seccomp: thread %d, %w", r, e)
	}
	return nil
}
