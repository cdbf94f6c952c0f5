//go:build linux

package client

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
)

// Dialogue is the client's side of one connection.
type Dialogue interface {
	// Open exchanges what comes before the first request.
	Open(rw io.ReadWriter) error
	// Request appends the next request to b. Slot numbers the requests that are in flight.
	Request(b []byte, slot int) []byte
	// Answers takes what has come. It appends the slots whose answers are complete, and right, to
	// done. What is to be sent besides requests it appends to reply.
	Answers(b []byte, done []int, reply []byte) ([]int, []byte, error)
}

// conn is a connection with its dialogue.
type conn struct {
	socket
	dialogue Dialogue
	sentAt   []int64 // when the request of each slot was sent
}

// loop serves all connections.
type loop struct {
	ep       int
	conns    []*conn
	in, out  []byte // what has come, and what is to be sent
	done     []int  // slots for the next requests
	hist     *hdrhistogram.Histogram
	requests uint64
	epoch    time.Time
}

// stdinID stands for standard input among the ids of connections: the benchmark holds its other
// end, so its end of file means that nobody waits for the result any more.
const stdinID = -1

var errParentGone = errors.New("the benchmark has gone away")

func newLoop() (*loop, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create: %w", err)
	}
	// Standard input may be a file, which epoll refuses; then there is nothing to watch.
	if err := rawio.Watch(ep, 0, unix.EPOLLIN, stdinID); err != nil && !errors.Is(err, unix.EPERM) {
		return nil, err
	}
	const precision = 3 // digits
	return &loop{
		ep:    ep,
		in:    make([]byte, 64<<10),
		hist:  hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), precision),
		epoch: time.Now(),
	}, nil
}

// now is the time in nanoseconds since the loop was made.
func (l *loop) now() int64 { return int64(time.Since(l.epoch)) }

// open makes a connection and lets the dialogue open.
func (l *loop) open(addr netip.AddrPort, d Dialogue, depth int) error {
	s, err := dial(addr)
	if err != nil {
		return err
	}
	if err := d.Open(s); err != nil {
		return err
	}
	l.conns = append(l.conns, &conn{socket: s, dialogue: d, sentAt: make([]int64, max(1, depth))})
	return nil
}

// begin sends the first requests. From now on no call waits but that of epoll.
func (l *loop) begin() error {
	for i, c := range l.conns {
		if err := unix.SetNonblock(int(c.socket), true); err != nil {
			return fmt.Errorf("fcntl: %w", err)
		}
		if err := rawio.Watch(l.ep, int(c.socket), unix.EPOLLIN, int32(i)); err != nil {
			return err
		}
		l.out, l.done = l.out[:0], l.done[:0]
		for slot := range c.sentAt {
			l.done = append(l.done, slot)
		}
		if err := l.send(c); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
	}
	return nil
}

// run handles events.
func (l *loop) run(length time.Duration) error {
	var events [256]unix.EpollEvent
	end := l.now() + int64(length)
	for {
		left := end - l.now()
		if left <= 0 {
			return nil
		}
		millis := int((left + int64(time.Millisecond) - 1) / int64(time.Millisecond))
		n, err := rawio.EpollWait(l.ep, events[:], millis)
		if err != nil {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for i := range events[:n] {
			id := events[i].Fd
			if id == stdinID {
				return errParentGone
			}
			if err := l.ready(l.conns[id]); err != nil {
				return fmt.Errorf("connection %d: %w", id, err)
			}
		}
	}
}

// ready reads what has come, and sends a request for each answer.
func (l *loop) ready(c *conn) error {
	n, err := c.Read(l.in)
	if err == unix.EAGAIN {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if l.done, l.out, err = c.dialogue.Answers(l.in[:n], l.done[:0], l.out[:0]); err != nil {
		return err
	}
	now := l.now()
	for _, slot := range l.done {
		l.requests++
		// It fails only beyond the histogram's minute, longer than any window.
		_ = l.hist.RecordValue(now - c.sentAt[slot])
	}
	return l.send(c)
}

// send writes l.out, and behind it a request for each slot in l.done.
func (l *loop) send(c *conn) error {
	now := l.now()
	for _, slot := range l.done {
		c.sentAt[slot] = now
		l.out = c.dialogue.Request(l.out, slot)
	}
	if len(l.out) == 0 {
		return nil
	}
	if _, err := c.Write(l.out); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
