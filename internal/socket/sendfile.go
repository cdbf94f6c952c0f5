//go:build linux

package socket

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// SendFile sends up to limit bytes of a regular file by sendfile(2), from its current offset, which
// moves on. It reports whether it could: not if f is something else, or if the socket may block.
func (c *Conn) SendFile(f syscall.Conn, limit int64) (n int64, handled bool, err error) {
	rc, err := f.SyscallConn()
	if err != nil {
		return 0, false, nil
	}
	// The source first: who reads it may wait for long, and Writes are not to wait for that.
	if e := rc.Read(func(from uintptr) bool {
		c.wr.mu.Lock()
		defer c.wr.mu.Unlock()
		if c.wr.prepare() != nil {
			return true // the first Write says it
		}
		if c.guard.isShared() && isBlocking(c.fd) {
			return true // sendfile would wait in the kernel, where no Close finds it
		}
		c.noteWrite()
		raceWrite()
		n, handled, err = c.sendFileFrom(int(from), limit, prefetchOf(rc))
		return true
	}); e != nil {
		return n, handled, e
	}
	return n, handled, err
}

// prefetchOf returns a function that has what is to be sent read into memory first, up to n bytes,
// and says how many, since sendfile(2) waits for the disk on our thread. Files of file/httpdir have
// one; of others all is sent as it is.
func prefetchOf(rc syscall.RawConn) func(n int64) int64 {
	if f, ok := rc.(interface{ Prefetch(n int64) int64 }); ok {
		return f.Prefetch
	}
	return func(n int64) int64 { return n }
}

// sendFileFrom sends up to limit bytes, or until the end of the file. wr.mu is held.
func (c *Conn) sendFileFrom(from int, limit int64, prefetch func(int64) int64) (sent int64, handled bool, err error) {
	var ready int64 // so much is read ahead
	for sent < limit {
		if ready <= 0 {
			ready = prefetch(min(maxRW, limit-sent))
		}
		n, err := unix.Sendfile(c.fd, from, nil, int(min(ready, limit-sent)))
		if n > 0 {
			sent += int64(n)
			ready -= int64(n)
			continue
		}
		switch err {
		case nil:
			return sent, true, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			if err := c.wr.waitReady(); err != nil {
				return sent, true, err
			}
		case syscall.EINVAL, syscall.ENOSYS, syscall.EOPNOTSUPP:
			if sent == 0 {
				return 0, false, nil
			}
			fallthrough
		default:
			return sent, true, os.NewSyscallError("sendfile", err)
		}
	}
	return sent, true, nil
}
