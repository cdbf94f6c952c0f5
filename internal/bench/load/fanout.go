//go:build linux

package load

import (
	"errors"

	"golang.org/x/sys/unix"
)

// fanout asks for broadcasts on connection 0 and receives each on all connections. A request is a
// message received; its latency runs from the moment the broadcast was asked for.
type fanout struct {
	*loop
	askedAt [roundsInFlight]int64
	missing [roundsInFlight]int // messages of the round still to come
	asked   int                 // broadcasts asked for so far
}

// roundsInFlight keeps the server busy while the client finishes a round.
const roundsInFlight = 2

func (d *fanout) start() error {
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
	for range roundsInFlight {
		if err := d.ask(); err != nil {
			return err
		}
	}
	return nil
}

// ask asks for the next broadcast. The server starts with it when all connections are there.
func (d *fanout) ask() error {
	slot := d.asked % roundsInFlight
	d.asked++
	d.askedAt[slot] = d.now()
	d.missing[slot] = len(d.conns)
	n, err := d.write(&d.conns[0], []byte{1})
	if err == nil && n == 0 {
		err = errors.New("the server does not read its requests")
	}
	return err
}

func (d *fanout) ready(c *conn, events uint32) error {
	b, wait, err := d.read(c)
	if wait || err != nil {
		return err
	}
	c.got += len(b)
	for c.got >= d.work.Size {
		c.got -= d.work.Size
		slot := c.round % roundsInFlight
		c.round++
		d.done(d.now() - d.askedAt[slot])
		if d.missing[slot]--; d.missing[slot] == 0 {
			if err := d.ask(); err != nil {
				return err
			}
		}
	}
	return nil
}
