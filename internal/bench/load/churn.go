//go:build linux

package load

import (
	"bytes"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
)

// churn drives connections that live for one echo each. The latency runs from connect to the
// answer.
type churn struct {
	*loop
	message []byte
}

func (d *churn) start() error {
	d.message = echoProtocol(d.work).plain
	for i := range d.conns {
		if err := d.open(&d.conns[i]); err != nil {
			return err
		}
	}
	return nil
}

// open begins the next connection in c's place.
func (d *churn) open(c *conn) error {
	c.sentAt[0] = d.now()
	c.got = 0
	fd, err := socket(d.addr, unix.SOCK_NONBLOCK)
	if err != nil {
		return err
	}
	c.fd = fd
	if err := d.spread(fd, int(c.id)); err != nil {
		return err
	}
	if err := unix.Connect(fd, d.addr); err != nil && err != unix.EINPROGRESS {
		return fmt.Errorf("connect: %w", err)
	}
	c.watching = unix.EPOLLOUT
	return rawio.Watch(d.ep, fd, unix.EPOLLOUT, c.id)
}

func (d *churn) ready(c *conn, events uint32) error {
	if c.watching == unix.EPOLLOUT {
		n, err := d.write(c, d.message)
		if err != nil {
			return err // a connect that failed shows up here
		}
		if n < len(d.message) {
			return fmt.Errorf("a new socket took only %d of %d bytes", n, len(d.message))
		}
		return d.rewatch(c, unix.EPOLLIN)
	}
	b, wait, err := d.read(c)
	if wait || err != nil {
		return err
	}
	if c.got+len(b) > len(d.message) || !bytes.Equal(b, d.message[c.got:c.got+len(b)]) {
		return errWrongBytes
	}
	if c.got += len(b); c.got < len(d.message) {
		return nil
	}
	d.done(d.now() - c.sentAt[0])
	rawio.Close(c.fd) // which also takes it out of the epoll set
	return d.open(c)
}
