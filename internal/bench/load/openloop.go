//go:build linux

package load

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
)

// openLoop drives request-response work in an open loop: a request is sent when its moment has
// come, whether or not the ones before it are answered. One whose connection is busy is sent behind
// the others. Latency runs from the moment that was intended, so that neither a server that stalls
// nor a load generator that is late makes it look shorter.
//
// The thread sleeps in epoll_pwait2, whose timeout is exact to the timers of the kernel, and takes
// no system call of its own. A timerfd in the epoll set would be as exact, and cost two more calls
// for each request: one to set it, one to read it.
type openLoop struct {
	*loop
	proto    *protocol
	arrivals *arrivals
	upcoming arrival
	shift    int64 // from the time of the schedule to that of the loop
	stopped  int64 // time of the schedule at which the last run ended
	sides    []openConn
	inFlight int
}

// openConn is what an open-loop connection has besides its conn.
type openConn struct {
	flights flights
	unsent  []byte // what the socket would not take yet
}

func newOpenLoop(l *loop, p *protocol, seed uint64) (*openLoop, error) {
	if err := rawio.SleepExactly(); err != nil {
		return nil, err
	}
	d := &openLoop{
		loop:     l,
		proto:    p,
		arrivals: newArrivals(l.work, seed),
		sides:    make([]openConn, len(l.conns)),
	}
	d.upcoming = d.arrivals.next()
	return d, nil
}

func (d *openLoop) start() error {
	return d.dialAll(len(d.conns), d.proto, d.adopt)
}

// run goes on with the schedule for length, and then waits for the answers that are missing. So
// nothing is in flight between two runs, and the schedule stands still.
func (d *openLoop) run(length time.Duration) error {
	begin := d.now()
	d.shift = begin - d.stopped
	d.stopped += int64(length)
	end := begin + int64(length)
	limit := end + int64(settle)
	var events [256]unix.EpollEvent
	for {
		now := d.now()
		if now >= end && d.inFlight == 0 && !d.hasMore() {
			return nil
		}
		if now >= limit {
			return fmt.Errorf("%d requests are without an answer %v after the last one was due", d.inFlight, settle)
		}
		n, err := rawio.EpollWaitFor(d.ep, events[:], time.Duration(max(0, d.wakeAt(end, limit)-now)))
		if errors.Is(err, unix.ENOSYS) {
			return errors.New("an open loop needs epoll_pwait2, which Linux has since 5.11")
		}
		if err != nil {
			return fmt.Errorf("epoll_pwait2: %w", err)
		}
		if err := d.turn(events[:n]); err != nil {
			return err
		}
	}
}

// hasMore tells whether this run has requests that are not sent yet.
func (d *openLoop) hasMore() bool { return d.upcoming.at < d.stopped }

// dueAt is when the next request is to be sent, in the loop's time.
func (d *openLoop) dueAt() int64 { return d.upcoming.at + d.shift }

// wakeAt is the moment until which only events are waited for.
func (d *openLoop) wakeAt(end, limit int64) int64 {
	switch {
	case d.hasMore():
		return d.dueAt()
	case d.now() < end:
		return end
	}
	return limit
}

// turn handles events and sends what is due, also between the events: many answers take a while.
func (d *openLoop) turn(events []unix.EpollEvent) error {
	if err := d.sendDue(); err != nil {
		return err
	}
	for i := range events {
		if err := d.handle(&events[i]); err != nil {
			return err
		}
		if err := d.sendDue(); err != nil {
			return err
		}
	}
	return nil
}

// sendDue sends the requests whose moment has come in this run.
func (d *openLoop) sendDue() error {
	for d.hasMore() && d.dueAt() <= d.now() {
		a := d.upcoming
		d.upcoming = d.arrivals.next()
		if err := d.send(a); err != nil {
			return fmt.Errorf("connection %d: %w", a.conn, err)
		}
	}
	return nil
}

func (d *openLoop) send(a arrival) error {
	due := a.at + d.shift
	side := &d.sides[a.conn]
	side.flights.push(flight{due: due, burns: a.burns})
	d.inFlight++
	// It fails only beyond the histogram's minute.
	_ = d.late.RecordValue(d.now() - due)
	if len(side.unsent) > 0 {
		side.unsent = append(side.unsent, d.proto.request(a.burns)...)
		return nil
	}
	return d.flush(&d.conns[a.conn], d.proto.request(a.burns))
}

// flush writes b, and keeps for later what the socket does not take.
func (d *openLoop) flush(c *conn, b []byte) error {
	n, err := d.write(c, b)
	if err != nil {
		return err
	}
	side := &d.sides[c.id]
	side.unsent = append(side.unsent[:0], b[n:]...)
	events := uint32(unix.EPOLLIN)
	if len(side.unsent) > 0 {
		events |= unix.EPOLLOUT
	}
	return d.rewatch(c, events)
}

func (d *openLoop) ready(c *conn, events uint32) error {
	if side := &d.sides[c.id]; events&unix.EPOLLOUT != 0 && len(side.unsent) > 0 {
		if err := d.flush(c, side.unsent); err != nil {
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
	if err := d.proto.check(b, c.got, false); err != nil {
		return err
	}
	c.got += len(b)
	for c.got >= d.proto.answer {
		c.got -= d.proto.answer
		if err := d.answered(c); err != nil {
			return err
		}
	}
	return nil
}

// answered counts an answer. Where some handlers burn, the latency that matters is what the other
// requests suffer.
func (d *openLoop) answered(c *conn) error {
	side := &d.sides[c.id]
	if side.flights.n == 0 {
		return errors.New("the server has answered what was not asked")
	}
	f := side.flights.pop()
	d.inFlight--
	if f.burns && d.work.BurnOneIn > 1 {
		d.requests++
		return nil
	}
	d.done(d.now() - f.due)
	return nil
}
