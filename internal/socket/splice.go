//go:build linux

package socket

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A copy between two stream sockets goes through a pipe by splice(2), as package net's does, while
// much comes at once, and through a buffer while little does: a receive and a send of little are
// cheaper than two splices.

// copyBuffers are *[]byte of copySize.
var copyBuffers = sync.Pool{New: func() any {
	b := make([]byte, copySize)
	return &b
}}

const copySize = 32 << 10

// SpliceFrom copies up to limit bytes from src, or until its end, which is no error. Both are
// streams. Errors name splice, whichever way the bytes went.
func (c *Conn) SpliceFrom(src *Conn, limit int64) (copied int64, err error) {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	var p *pipe
	defer func() { p.close() }()
	much, pipes := false, true
	for copied < limit && err == nil {
		var n int
		if much && p == nil && pipes && !c.guard.isShared() && !src.guard.isShared() {
			p = newPipe()
			pipes = p != nil
		}
		if much && p != nil {
			n, err = throughPipe(c, src, p, limit-copied, *buf)
		} else {
			n, err = throughBuffer(c, src, (*buf)[:min(limit-copied, copySize)])
		}
		copied += int64(n)
		if err == errCopy {
			err = nil
		}
		if much = n >= bulkGot; !much {
			p.close() // it would be held while the peers are idle
			p = nil
		}
	}
	if err == io.EOF {
		err = nil
	}
	return copied, err
}

// throughBuffer copies what one Read brings. The error is io.EOF at the end of src.
func throughBuffer(dst, src *Conn, buf []byte) (int, error) {
	n, err := src.Read(buf)
	if err != nil {
		return 0, nameSplice(err)
	}
	n, err = dst.Write(buf[:n])
	return n, nameSplice(err)
}

func nameSplice(err error) error {
	var call *os.SyscallError
	if errors.As(err, &call) {
		return os.NewSyscallError("splice", call.Err)
	}
	return err
}

// errCopy says that the sockets cannot be spliced now, and that nothing was taken from src.
//
// A socket that is shared may have been made blocking: a splice would wait in the kernel then,
// where no Close finds it.
var errCopy = errors.New("not to be spliced")

// throughPipe copies what one splice brings. The error is io.EOF at the end of src. If dst may
// block all of a sudden, buf takes over.
func throughPipe(dst, src *Conn, p *pipe, most int64, buf []byte) (int, error) {
	n, err := src.drainInto(p, int(min(most, pipeSize)))
	if err != nil {
		return 0, err
	}
	done, err := dst.fillFrom(p, n)
	for err == errCopy {
		if n == done {
			return done, nil
		}
		var k int
		if k, err = unix.Read(p.r, buf[:min(n-done, len(buf))]); err != nil {
			return done, os.NewSyscallError("splice", err)
		}
		if k, err = dst.Write(buf[:k]); err != nil {
			return done + k, nameSplice(err)
		}
		done, err = done+k, errCopy
	}
	return done, err
}

// drainInto waits until the socket has something to read, and moves it into a pipe that is empty.
func (c *Conn) drainInto(p *pipe, most int) (int, error) {
	c.rd.mu.Lock()
	defer c.rd.mu.Unlock()
	if err := c.rd.prepare(); err != nil {
		return 0, err
	}
	for waited := false; ; waited = true {
		if c.guard.isShared() {
			return 0, errCopy
		}
		n, err := unix.Splice(c.fd, nil, p.w, nil, most, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		switch err {
		case nil:
			c.noteRead(int(n))
			raceRead(c.fd)
			if n == 0 {
				return 0, io.EOF
			}
			return int(n), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			// It stops at an urgent byte, of which the poller has told already, and a Read goes
			// past.
			if waited || hasData(c.fd) {
				return 0, errCopy
			}
			if err := c.awaitReadable(); err != nil {
				return 0, err
			}
		case syscall.EINVAL:
			return 0, errCopy
		default:
			return 0, os.NewSyscallError("splice", err)
		}
	}
}

// fillFrom moves n bytes, which are all that there is, from a pipe to the socket. If the socket may
// block the error is errCopy, and the rest is in the pipe.
func (c *Conn) fillFrom(p *pipe, n int) (done int, err error) {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	if err := c.wr.prepare(); err != nil {
		return 0, err
	}
	c.noteWrite()
	raceWrite()
	for done < n {
		if c.guard.isShared() {
			return done, errCopy
		}
		moved, err := unix.Splice(p.r, nil, c.fd, nil, n-done, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		if moved > 0 {
			done += int(moved)
			continue
		}
		switch err {
		case nil:
			return done, io.ErrUnexpectedEOF
		case syscall.EINTR:
		case syscall.EAGAIN:
			if err := c.wr.waitReady(); err != nil {
				return done, err
			}
		default:
			return done, os.NewSyscallError("splice", err)
		}
	}
	return done, nil
}

// pipe is what bytes go through between two splices.
type pipe struct{ r, w int }

const (
	pipeSize    = 1 << 20  // the most that users without privileges may ask for, see pipe(7)
	pipeSizeMin = 64 << 10 // what a pipe has if it is not asked for more, unless the user has too many
)

// newPipe makes a pipe, or returns nil where there is none to be had that is worth while.
func newPipe() *pipe {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return nil
	}
	p := &pipe{fds[0], fds[1]}
	if size, err := unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, pipeSize); err == nil && size >= pipeSizeMin {
		return p
	}
	if size, err := unix.FcntlInt(uintptr(p.w), unix.F_GETPIPE_SZ, 0); err != nil || size < pipeSizeMin {
		p.close()
		return nil
	}
	return p
}

// close frees the pipe and what is in it.
func (p *pipe) close() {
	if p != nil {
		unix.Close(p.r)
		unix.Close(p.w)
	}
}
