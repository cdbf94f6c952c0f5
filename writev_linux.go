package uringnet

import (
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxIovecs is UIO_MAXIOV: more buffers in one call are an error.
const maxIovecs = 1024

// writeBuffers writes v and takes from it what is written.
func (c *ringTCP) writeBuffers(v *net.Buffers) (int64, error) {
	n, err := c.writev(v)
	if err != nil {
		err = c.opError("writev", err)
	}
	return n, err
}

func (c *ringTCP) writev(v *net.Buffers) (done int64, err error) {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	if err := c.wr.side.Prepare(); err != nil {
		return 0, err
	}
	c.wroteSince()
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
			if err := c.wr.side.WaitReady(); err != nil {
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
