//go:build linux

package socket

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// File returns a duplicate of the descriptor, which the caller closes. Whoever has it may do with
// the socket what this package does not see.
func (c *Conn) File() (*os.File, error) {
	c.guard.share()
	return c.guard.file(c.fd, func(f *os.File) (filer, error) {
		if c.kind == tcp {
			// Not FileConn, which would set TCP_NODELAY and the keep-alive options anew, of the
			// socket that we share.
			return listenerFiler(f)
		}
		nc, err := net.FileConn(f)
		if err != nil {
			return nil, err
		}
		return nc.(filer), nil
	})
}

// File returns a duplicate of the descriptor, which the caller closes.
func (l *Listener) File() (*os.File, error) {
	l.guard.share()
	return l.guard.file(l.fd, listenerFiler)
}

// filer is a socket of package net that hands out its file descriptor.
type filer interface {
	File() (*os.File, error)
	Close() error
}

func listenerFiler(f *os.File) (filer, error) {
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return l.(filer), nil
}

// file has package net make the *os.File, which knows how to become blocking again when its Fd is
// called.
func (g *fdGuard) file(fd int, adopt func(*os.File) (filer, error)) (*os.File, error) {
	if err := g.acquire(); err != nil {
		return nil, err
	}
	defer g.release()
	dup, err := dupCloseOnExec(fd)
	if err != nil {
		return nil, err
	}
	plain := os.NewFile(uintptr(dup), "")
	defer plain.Close()
	owner, err := adopt(plain)
	if err != nil {
		return nil, err
	}
	defer owner.Close()
	return owner.File()
}

// isBlocking reports whether somebody has made the descriptor, or a duplicate of it, blocking.
func isBlocking(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_NONBLOCK == 0
}

// closeFD closes a socket, which may wait: the scheduler is told.
func closeFD(fd int) error { return os.NewSyscallError("close", syscall.Close(fd)) }

func dupCloseOnExec(fd int) (int, error) {
	dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("fcntl", err)
	}
	return dup, nil
}
