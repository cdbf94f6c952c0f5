package file

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// open opens a file, and says what it is open on. Package os first asks the runtime's poller, which
// costs five system calls for a regular file. Here only what is none is given to it.
func open(name string, flag int, perm fs.FileMode) (_ *os.File, _ kind, device uint64, err error) {
	usable, err := usable()
	if err != nil {
		return nil, byOS, 0, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	if !usable {
		f, err := os.OpenFile(name, flag, perm)
		return f, byOS, 0, err
	}
	fd, st, err := openPlain(name, flag, perm)
	if err != nil {
		return nil, byOS, 0, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f, kind := newFile(fd, name, flag, st)
	return f, kind, uint64(st.Dev), nil
}

// openPlain is open(2), and says what was opened.
func openPlain(name string, flag int, perm fs.FileMode) (fd int, st unix.Stat_t, err error) {
	fd, err = uninterrupted(func() (int, error) {
		return syscall.Open(name, flag|syscall.O_CLOEXEC, syscallMode(perm))
	})
	if err != nil {
		return -1, st, err
	}
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, st, err
	}
	return fd, st, nil
}

// newFile makes a file of what openPlain has opened. What may wait for long waits in the runtime's
// poller, which takes only what does not block. What the poller does not take blocks, as before.
func newFile(fd int, name string, flag int, st unix.Stat_t) (*os.File, kind) {
	kind := kindOf(st)
	if kind == polled && (flag&unix.O_NONBLOCK != 0 || unix.SetNonblock(fd, true) != nil) {
		kind = byOS
	}
	f := os.NewFile(uintptr(fd), name)
	if kind == polled && f.SetDeadline(time.Time{}) != nil {
		unix.SetNonblock(fd, false)
		kind = byOS
	}
	return f, kind
}

func kindOf(st unix.Stat_t) kind {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFBLK:
		return onDisk
	case unix.S_IFDIR:
		return byOS
	}
	return polled
}

// syscallMode is a mode as open(2) has it.
func syscallMode(perm fs.FileMode) uint32 {
	mode := uint32(perm.Perm())
	if perm&fs.ModeSetuid != 0 {
		mode |= syscall.S_ISUID
	}
	if perm&fs.ModeSetgid != 0 {
		mode |= syscall.S_ISGID
	}
	if perm&fs.ModeSticky != 0 {
		mode |= syscall.S_ISVTX
	}
	return mode
}
