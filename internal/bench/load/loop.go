//go:build linux

package load

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// driver plays the client's side of one kind of work.
type driver interface {
	// start opens the connections and sends the first messages.
	start() error
	// ready is called for each event on a connection.
	ready(c *conn, events uint32) error
	// run handles events for that long.
	run(length time.Duration) error
}

func newDriver(l *loop, seed uint64) (driver, error) {
	if l.work.Open() {
		p, err := requestProtocol(l.work)
		if err != nil {
			return nil, err
		}
		return newOpenLoop(l, p, seed)
	}
	switch l.work.Kind {
	case workload.HTTP2:
		return newHTTP2(l), nil
	case workload.Push:
		return newPush(l), nil
	case workload.StreamUp, workload.StreamDown:
		return &stream{loop: l}, nil
	case workload.Churn:
		return &churn{loop: l}, nil
	case workload.Fanout:
		return &fanout{loop: l}, nil
	}
	p, err := requestProtocol(l.work)
	if err != nil {
		return nil, err
	}
	return newRequests(l, p), nil
}

// conn is a connection, or in churn a place for one after the other.
type conn struct {
	id       int32
	fd       int
	secure   *tls.Conn // TLS on fd, or nil
	watching uint32    // the epoll events asked for
	got      int       // bytes of the answer that is arriving
	unsent   int       // bytes of messages that the socket would not take yet
	sentAt   []int64   // when the messages in flight were sent, a ring
	oldest   int       // index in sentAt of the message whose answer comes next
	round    int       // broadcasts received (fanout), or requests answered
}

// loop is the state that all drivers share.
type loop struct {
	driver   driver
	work     workload.Workload
	addr     unix.Sockaddr // of the server
	ep       int
	conns    []conn
	buf      []byte                  // what is read goes here
	hist     *hdrhistogram.Histogram // of latencies
	late     *hdrhistogram.Histogram // open loop: from the intended moment to the call of write
	requests uint64
	epoch    time.Time
}

// stdinID stands for standard input among the ids of connections: the benchmark holds its other
// end, so its end of file means that nobody waits for the result any more.
const stdinID = -1

var (
	errParentGone = errors.New("the benchmark has gone away")
	errClosed     = errors.New("the server closed the connection")
)

func newLoop(w workload.Workload, addr unix.Sockaddr) (*loop, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create: %w", err)
	}
	// Standard input may be a file, which epoll refuses; then there is nothing to watch.
	if err := rawio.Watch(ep, 0, unix.EPOLLIN, stdinID); err != nil && !errors.Is(err, unix.EPERM) {
		return nil, err
	}
	l := &loop{
		work:  w,
		addr:  addr,
		ep:    ep,
		conns: make([]conn, w.Conns),
		buf:   make([]byte, 256<<10),
		hist:  NewHistogram(),
		late:  NewHistogram(),
		epoch: time.Now(),
	}
	for i := range l.conns {
		l.conns[i] = conn{id: int32(i), fd: -1, sentAt: make([]int64, max(1, w.Depth))}
	}
	return l, nil
}

// NewHistogram is for latencies in nanoseconds.
func NewHistogram() *hdrhistogram.Histogram {
	const precision = 3 // digits
	return hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), precision)
}

// now is the time in nanoseconds since the loop was made.
func (l *loop) now() int64 { return int64(time.Since(l.epoch)) }

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
			if err := l.handle(&events[i]); err != nil {
				return err
			}
		}
	}
}

func (l *loop) handle(ev *unix.EpollEvent) error {
	if ev.Fd == stdinID {
		return errParentGone
	}
	if err := l.driver.ready(&l.conns[ev.Fd], ev.Events); err != nil {
		return fmt.Errorf("connection %d: %w", ev.Fd, err)
	}
	return nil
}

// done counts one answered message.
func (l *loop) done(latency int64) {
	l.requests++
	// It fails only beyond the histogram's minute, longer than any window.
	_ = l.hist.RecordValue(latency)
}

// adopt makes connection number i of a link of the set-up.
func (l *loop) adopt(i int, k link) error {
	c := &l.conns[i]
	c.fd, c.secure = k.fd, k.secure
	return l.watch(c, unix.EPOLLIN)
}

// watch makes c's descriptor non-blocking and asks for events on it.
func (l *loop) watch(c *conn, events uint32) error {
	if err := unix.SetNonblock(c.fd, true); err != nil {
		return fmt.Errorf("fcntl: %w", err)
	}
	c.watching = events
	return rawio.Watch(l.ep, c.fd, events, c.id)
}

// rewatch changes the events that are asked for, if they differ.
func (l *loop) rewatch(c *conn, events uint32) error {
	if c.watching == events {
		return nil
	}
	c.watching = events
	return rawio.Rewatch(l.ep, c.fd, events, c.id)
}

// read reads once into the loop's buffer; wait tells that nothing was there.
func (l *loop) read(c *conn) (b []byte, wait bool, err error) {
	if c.secure != nil {
		return l.readSecure(c)
	}
	n, err := rawio.Read(c.fd, l.buf)
	switch {
	case err == unix.EAGAIN:
		return nil, true, nil
	case err != nil:
		return nil, false, fmt.Errorf("read: %w", err)
	case n == 0:
		return nil, false, errClosed
	}
	return l.buf[:n], false, nil
}

// write writes once; a socket that is full takes 0 bytes.
func (l *loop) write(c *conn, b []byte) (int, error) {
	if c.secure != nil {
		return c.secure.Write(b)
	}
	n, err := rawio.Write(c.fd, b)
	if err == unix.EAGAIN {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("write: %w", err)
	}
	return n, nil
}
