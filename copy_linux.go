package uringnet

import (
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ReadFrom is that of net.TCPConn: a stream socket goes by splice(2), a regular file by
// sendfile(2), everything else through io.Copy.
func (c *ringTCP) ReadFrom(r io.Reader) (int64, error) {
	n, handled, err := c.spliceFrom(r)
	if !handled {
		n, handled, err = c.sendFile(r)
	}
	if !handled {
		n, err = io.Copy(struct{ io.Writer }{c}, r)
	}
	if err != nil && err != io.EOF {
		err = c.opError("readfrom", err)
	}
	return n, err
}

// WriteTo is that of net.TCPConn: to a Unix stream socket it goes by splice(2), and to all that
// reads from a reader as that does.
func (c *ringTCP) WriteTo(w io.Writer) (n int64, err error) {
	if u, ok := w.(*ringUnix); ok && !u.packets {
		n, _, err = u.spliceFrom(c)
	} else {
		n, err = io.Copy(w, tcpReader{c})
	}
	if err != nil && err != io.EOF {
		err = c.opError("writeto", err)
	}
	return n, err
}

// sendFile sends a regular file, or a limited part of one, from its current offset, which moves on.
// It reports whether it could.
func (c *ringTCP) sendFile(r io.Reader) (n int64, handled bool, err error) {
	limit := int64(-1)
	lr, limited := r.(*io.LimitedReader)
	if limited {
		if limit, r = lr.N, lr.R; limit <= 0 {
			return 0, true, nil
		}
	}
	switch r.(type) {
	case *ringUnix:
		return 0, false, nil // one of packets
	}
	// An *os.File, or the disguise that io.Copy shows of one.
	f, ok := r.(syscall.Conn)
	if !ok {
		return 0, false, nil
	}
	rc, err := f.SyscallConn()
	if err != nil {
		return 0, false, nil
	}
	// The source first: who reads it may wait for long, and Writes are not to wait for that.
	if e := rc.Read(func(from uintptr) bool {
		c.wr.mu.Lock()
		defer c.wr.mu.Unlock()
		if c.wr.side.Prepare() != nil {
			return true // the first Write says it
		}
		if c.mayBlock() && isBlocking(c.fd) {
			return true // sendfile would wait in the kernel, where no Close finds it
		}
		c.wroteSince()
		raceWrite()
		n, handled, err = c.sendFileFrom(int(from), limit)
		return true
	}); e != nil {
		return n, handled, e
	}
	if limited {
		lr.N -= n
	}
	return n, handled, err
}

// sendFileFrom sends up to limit bytes, or until the end of the file if limit is negative. wr.mu is
// held.
func (c *ringTCP) sendFileFrom(from int, limit int64) (sent int64, handled bool, err error) {
	const chunk = 1 << 30
	for limit < 0 || sent < limit {
		most := int64(chunk)
		if limit >= 0 {
			most = min(most, limit-sent)
		}
		n, err := unix.Sendfile(c.fd, from, nil, int(most))
		if n > 0 {
			sent += int64(n)
			continue
		}
		switch err {
		case nil:
			return sent, true, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			if err := c.wr.side.WaitReady(); err != nil {
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
