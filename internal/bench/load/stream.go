//go:build linux

package load

import (
	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// stream drives bulk transfer in one direction. A request is Size bytes, its latency the time they
// took.
type stream struct {
	*loop
	block []byte // what is sent
}

func (d *stream) start() error {
	events := uint32(unix.EPOLLIN)
	if d.work.Kind == workload.StreamUp {
		events = unix.EPOLLOUT
		d.block = make([]byte, d.work.Size)
	}
	for i := range d.conns {
		c := &d.conns[i]
		var err error
		if c.fd, err = d.dial(); err != nil {
			return err
		}
		if err := d.watch(c, events); err != nil {
			return err
		}
		c.sentAt[0] = d.now()
	}
	return nil
}

func (d *stream) ready(c *conn, events uint32) error {
	n, err := d.transfer(c)
	if err != nil {
		return err
	}
	c.got += n
	for c.got >= d.work.Size {
		c.got -= d.work.Size
		now := d.now()
		d.done(now - c.sentAt[0])
		c.sentAt[0] = now
	}
	return nil
}

func (d *stream) transfer(c *conn) (int, error) {
	if d.block != nil {
		return d.write(c, d.block[c.got:])
	}
	b, _, err := d.read(c)
	return len(b), err
}
