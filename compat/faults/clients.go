//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uringnet/uringnet"
)

// pause is how long somebody waits who has to try something again that failed.
const pause = 5 * time.Millisecond

// Group is a number of streams of one kind.
type Group struct {
	Streams  int
	Size     int           // of a frame's payload
	Rounds   int           // of a connection, after which it is dialed anew; 0 means all
	Deadline time.Duration // of each receive; one that passes is no error
	Lock     bool          // each has a thread of its own
	Buffer   int           // of a reader
	Rest     bool          // each rests after its first frame until all are told to go on
}

// clients keep streams going until they are stopped.
type clients struct {
	address string
	tally   *tally
	stopped atomic.Bool
	running sync.WaitGroup
	goOn    chan struct{} // closed when those that rest are to go on
	atRest  sync.WaitGroup
	// As many may dial at a time, or wait for their first frame. So they fit into a backlog: the
	// kernel drops what does not, and tries again seconds later.
	dials chan struct{}

	mu      sync.Mutex
	streams []*stream
}

// stream is one connection after the other.
type stream struct {
	Group
	clients *clients
	rounds  atomic.Uint64 // frames that came back
	resting atomic.Bool
}

var lastStream atomic.Uint64

func newClients(address string, t *tally) *clients {
	return &clients{address: address, tally: t, goOn: make(chan struct{}), dials: make(chan struct{}, 128)}
}

func (c *clients) add(g Group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range g.Streams {
		s := &stream{Group: g, clients: c}
		c.streams = append(c.streams, s)
		c.running.Go(s.run)
	}
}

// all returns the streams and how far they are.
func (c *clients) all() ([]*stream, []uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var at []uint64
	for _, s := range c.streams {
		at = append(at, s.rounds.Load())
	}
	return c.streams, at
}

func (s *stream) run() {
	if s.Lock {
		runtime.LockOSThread()
	}
	for !s.clients.stopped.Load() {
		if op, err := s.connection(); err != nil {
			s.clients.tally.note(op, err)
			time.Sleep(pause)
		}
	}
}

// connection dials, exchanges frames, and ends the stream in order. The error is that of op.
func (s *stream) connection() (op string, err error) {
	w, c, op, err := s.begin()
	if c != nil {
		defer c.Close()
	}
	if err != nil {
		return op, err
	}
	if s.Rest {
		s.clients.atRest.Add(1)
		s.resting.Store(true)
		<-s.clients.goOn
		s.resting.Store(false)
		s.clients.atRest.Done()
	}
	for n := 1; !s.clients.stopped.Load() && (s.Rounds == 0 || n < s.Rounds); n++ {
		if op, err := s.exchange(w); err != nil {
			return op, err
		}
	}
	return s.end(w, c)
}

// begin dials, and exchanges the first frame.
func (s *stream) begin() (w *wire, c net.Conn, op string, err error) {
	s.clients.dials <- struct{}{}
	defer func() { <-s.clients.dials }()
	if c, err = uringnet.Dial("tcp", s.clients.address); err != nil {
		return nil, nil, "dial", err
	}
	from := io.Reader(c)
	if s.Deadline > 0 {
		from = &patientReader{conn: c, deadline: s.Deadline}
	}
	w = newWire(lastStream.Add(1), from, c, s.Buffer)
	op, err = s.exchange(w)
	return w, c, op, err
}

// exchange sends a frame and wants it back.
func (s *stream) exchange(w *wire) (op string, err error) {
	if err := w.write(dataFrame, nil, s.Size); err != nil {
		return "write", err
	}
	_, payload, err := w.read()
	if err != nil {
		return "read", err
	}
	if !bytes.Equal(payload, w.out[headerSize:]) {
		return "read", &corruption{s.Size, "what came back is not what was sent"}
	}
	s.rounds.Add(1)
	return "", nil
}

// end closes the sending direction, and wants the server's total and the end of the stream.
func (s *stream) end(w *wire, c net.Conn) (op string, err error) {
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return "shutdown", err
	}
	kind, payload, err := w.read()
	if err != nil {
		return "read", err
	}
	if kind != totalFrame || len(payload) != 8 || binary.BigEndian.Uint64(payload) != w.sent {
		return "read", &corruption{s.Size, "the server's total is not what was sent"}
	}
	if _, _, err := w.read(); err != io.EOF {
		return "read", &corruption{1, "there is more after the end"}
	}
	return "", nil
}

func total(frames uint64) []byte { return binary.BigEndian.AppendUint64(nil, frames) }

// patientReader sets a deadline before each receive and begins again if it passes. Every other
// deadline is by the wall clock alone.
type patientReader struct {
	conn     net.Conn
	deadline time.Duration
	n        int
}

func (p *patientReader) Read(b []byte) (int, error) {
	for {
		p.n++
		until := time.Now().Add(p.deadline)
		if p.n%2 == 0 {
			until = until.Round(0)
		}
		if err := p.conn.SetReadDeadline(until); err != nil {
			return 0, err
		}
		n, err := p.conn.Read(b)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
	}
}
