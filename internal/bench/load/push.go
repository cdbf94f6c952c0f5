//go:build linux

package load

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// push receives what the server sends of its own accord. A request is a message, its latency the
// time from the call that wrote it, which stands in the message, to its arrival.
type push struct {
	*loop
	sides []pushConn
	rest  []byte // of each message, after the time
	began int64  // when the run began, by the clock of the messages
}

// pushConn is what a connection has besides its conn.
type pushConn struct {
	part []byte // a message that has come in part
}

func newPush(l *loop) *push {
	message := make([]byte, l.work.Size)
	workload.FillPush(message, 0)
	return &push{loop: l, sides: make([]pushConn, len(l.conns)), rest: message[workload.PushTime:]}
}

func (d *push) start() error {
	for i := range d.conns {
		c := &d.conns[i]
		var err error
		if c.fd, err = d.dial(); err != nil {
			return err
		}
		if err := d.watch(c, unix.EPOLLIN); err != nil {
			return err
		}
	}
	return nil
}

func (d *push) run(length time.Duration) (err error) {
	if d.began, err = rawio.Monotonic(); err != nil {
		return err
	}
	return d.loop.run(length)
}

func (d *push) ready(c *conn, events uint32) error {
	b, wait, err := d.read(c)
	if wait || err != nil {
		return err
	}
	side := &d.sides[c.id]
	side.part = append(side.part, b...)
	for len(side.part) >= d.work.Size {
		if err := d.message(side.part[:d.work.Size]); err != nil {
			return err
		}
		side.part = side.part[:copy(side.part, side.part[d.work.Size:])]
	}
	return nil
}

func (d *push) message(m []byte) error {
	if !bytes.Equal(m[workload.PushTime:], d.rest) {
		return errWrongBytes
	}
	now, err := rawio.Monotonic()
	if err != nil {
		return err
	}
	written := int64(binary.BigEndian.Uint64(m))
	if written > now {
		return fmt.Errorf("a message was written %d ns after it came", written-now)
	}
	if written < d.began {
		d.requests++ // it waited while nothing was read, between two runs
		return nil
	}
	d.done(now - written)
	return nil
}
