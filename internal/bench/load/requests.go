//go:build linux

package load

import (
	"bytes"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// requests drives request-response work: echo and HTTP.
type requests struct {
	*loop
	proto *protocol
	plain []byte // Depth requests in a row
	burn  []byte
}

func newRequests(l *loop, p *protocol) *requests {
	depth := max(1, l.work.Depth)
	return &requests{
		loop:  l,
		proto: p,
		plain: bytes.Repeat(p.plain, depth),
		burn:  bytes.Repeat(p.burn, depth),
	}
}

// burns tells whether the request of c that is on its way makes the handler burn.
func (d *requests) burns(c *conn) bool {
	switch d.work.Kind {
	case workload.Tail:
		return workload.Burns(int(c.id))
	case workload.HTTPBurn: // one request is in flight, number c.round of the connection
		return (int(c.id)+c.round)%d.work.BurnOneIn == 0
	}
	return false
}

func (d *requests) start() error {
	if err := d.dialAll(len(d.conns), d.proto, d.adopt); err != nil {
		return err
	}
	for i := range d.conns {
		c := &d.conns[i]
		now := d.now()
		for k := range c.sentAt {
			c.sentAt[k] = now
		}
		if err := d.send(c, len(c.sentAt)); err != nil {
			return err
		}
	}
	return nil
}

// send sends n more requests.
func (d *requests) send(c *conn, n int) error {
	c.unsent += n * len(d.proto.plain)
	return d.flush(c)
}

// flush writes what is unsent. All requests of a connection are alike, so what is
// unsent is always the end of the prepared row.
func (d *requests) flush(c *conn) error {
	row := d.plain
	if d.burns(c) {
		row = d.burn
	}
	n, err := d.write(c, row[len(row)-c.unsent:])
	if err != nil {
		return err
	}
	c.unsent -= n
	events := uint32(unix.EPOLLIN)
	if c.unsent > 0 {
		events |= unix.EPOLLOUT
	}
	return d.rewatch(c, events)
}

func (d *requests) ready(c *conn, events uint32) error {
	if events&unix.EPOLLOUT != 0 && c.unsent > 0 {
		if err := d.flush(c); err != nil {
			return err
		}
	}
	if events&^uint32(unix.EPOLLOUT) == 0 {
		return nil
	}
	b, wait, err := d.read(c)
	if wait || err != nil {
		return err
	}
	if err := d.proto.check(b, c.got, d.burns(c)); err != nil {
		return err
	}
	c.got += len(b)
	answers := c.got / d.proto.answer
	if answers == 0 {
		return nil
	}
	c.got %= d.proto.answer
	d.answered(c, answers)
	return d.send(c, answers)
}

// answered records n answers; the requests that follow them are sent at the same moment.
func (d *requests) answered(c *conn, n int) {
	now := d.now()
	for range n {
		sent := c.sentAt[c.oldest]
		c.sentAt[c.oldest] = now
		c.oldest = (c.oldest + 1) % len(c.sentAt)
		if d.work.Kind != workload.Tail || !d.burns(c) { // what matters is what the others suffer
			d.done(now - sent)
		}
		c.round++
	}
}
