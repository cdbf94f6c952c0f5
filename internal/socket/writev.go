//go:build linux

package socket

import (
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxIovecs is UIO_MAXIOV: more buffers in one call are an error.
const maxIovecs = 1024

// WriteBuffers writes v with as few system calls as possible, and takes from it what is written.
func (c *Conn) WriteBuffers(v *net.Buffers) (done int64, err error) {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	if err := c.wr.prepare(); err != nil {
		return 0, err
	}
	c.noteWrite()
	raceWrite()
	for {
		*v = withoutEmpty(*v)
		if len(*v) == 0 {
			return done, nil
		}
		n, err := unix.SendmsgBuffers(c.fd, (*v)[:min(len(*v), maxIovecs)], nil, nil, unix.MSG_DONTWAIT)
		switch err {
		case nil:
			if n == 0 {
				return done, io.ErrUnexpectedEOF
			}
			done += int64(n)
			consume(v, n)
		case syscall.EINTR:
		case syscall.EAGAIN:
			if err := c.wr.waitReady(); err != nil {
				return done, err
			}
		default:
			return done, os.NewSyscallError("writev", err)
		}
	}
}

// withoutEmpty drops empty buffers from the front.
func withoutEmpty(v net.Buffers) net.Buffers {
	for len(v) > 0 && len(v[0]) == 0 {
		v = v[1:]
	}
	return v
}

// consume takes n bytes from the front of v.
func consume(v *net.Buffers, n int) {
	for n > 0 {
		first := len((*v)[0])
		if n < first {
			(*v)[0] = (*v)[0][n:]
			return
		}
		n -= first
		(*v)[0] = nil
		*v = (*v)[1:]
	}
}
