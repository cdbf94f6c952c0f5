//go:build linux

package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// http2 drives HTTP/2: Depth streams at a time on each connection, a new one for each that has
// ended. The requests are frames made beforehand, and of the answers only the heads of the frames
// are looked at, the status, and the length of the body.
type http2 struct {
	*loop
	sessions []session
	body     int // bytes of the first answer's body; all are alike
}

// session is what an HTTP/2 connection has besides its conn.
type session struct {
	part    []byte // a frame that has come in part
	next    uint32 // stream to begin
	flights []h2Flight
}

// h2Flight is a request that is not answered yet; the answers come in any order.
type h2Flight struct {
	stream uint32
	sentAt int64
}

// What RFC 9113 says of frames.
const (
	frameHead = 9 // bytes before the payload: length, type, flags, stream

	frameData         = 0x0
	frameHeaders      = 0x1
	frameReset        = 0x3
	frameSettings     = 0x4
	framePing         = 0x6
	frameGoAway       = 0x7
	frameWindowUpdate = 0x8

	flagAck        = 0x1 // of SETTINGS and PING
	flagEndStream  = 0x1 // of DATA and HEADERS
	flagEndHeaders = 0x4
)

// frame appends a frame to b.
func frame(b []byte, kind, flags byte, stream uint32, payload []byte) []byte {
	n := len(payload)
	b = append(b, byte(n>>16), byte(n>>8), byte(n), kind, flags)
	b = binary.BigEndian.AppendUint32(b, stream)
	return append(b, payload...)
}

// http2Preface is what a client says first. The window of the connection is opened so far that no
// answer of a measurement needs it to be opened again.
var http2Preface = func() []byte {
	const maxWindow, initialWindow = 1<<31 - 1, 1<<16 - 1
	b := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	b = frame(b, frameSettings, 0, 0, nil)
	return frame(b, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, maxWindow-initialWindow))
}()

// http2Request is GET / by RFC 7541: three fields of its static table, and the authority.
var http2Request = func() []byte {
	const method, scheme, path = 0x80 | 2, 0x80 | 7, 0x80 | 4
	const authority = 0x01 // a literal that is not to be remembered
	const host = "localhost"
	block := append([]byte{method, scheme, path, authority, byte(len(host))}, host...)
	return frame(nil, frameHeaders, flagEndStream|flagEndHeaders, 1, block)
}()

// http2OK is how a block of headers begins whose status is 200.
const http2OK = 0x80 | 8

func newHTTP2(l *loop) *http2 {
	return &http2{loop: l, sessions: make([]session, len(l.conns))}
}

func (d *http2) start() error {
	for i := range d.conns {
		fd, err := d.dial()
		if err != nil {
			return err
		}
		k, err := protect(fd, d.work)
		if err != nil {
			return err
		}
		if _, err := k.stream().Write(http2Preface); err != nil {
			return err
		}
		if err := d.adopt(i, k); err != nil {
			return err
		}
		d.sessions[i].next = 1 // a client's streams are odd
		if err := d.send(&d.conns[i], d.work.Depth); err != nil {
			return err
		}
	}
	return nil
}

// send begins n streams.
func (d *http2) send(c *conn, n int) error {
	const streamAt = 5 // bytes before the number of the stream
	s := &d.sessions[c.id]
	now := d.now()
	var b []byte
	for range n {
		at := len(b)
		b = append(b, http2Request...)
		binary.BigEndian.PutUint32(b[at+streamAt:], s.next)
		s.flights = append(s.flights, h2Flight{stream: s.next, sentAt: now})
		s.next += 2
	}
	return d.writeAll(c, b)
}

func (d *http2) writeAll(c *conn, b []byte) error {
	n, err := d.write(c, b)
	if err == nil && n < len(b) {
		err = fmt.Errorf("a socket took only %d of %d bytes", n, len(b))
	}
	return err
}

func (d *http2) ready(c *conn, events uint32) error {
	b, wait, err := d.read(c)
	if wait || err != nil {
		return err
	}
	s := &d.sessions[c.id]
	s.part = append(s.part, b...)
	rest, ended := s.part, 0
	for len(rest) >= frameHead {
		end := frameHead + int(rest[0])<<16 + int(rest[1])<<8 + int(rest[2])
		if len(rest) < end {
			break
		}
		over, err := d.frame(c, rest[:end])
		if err != nil {
			return err
		}
		if over {
			ended++
		}
		rest = rest[end:]
	}
	s.part = append(s.part[:0], rest...)
	if ended == 0 {
		return nil
	}
	return d.send(c, ended)
}

// frame looks at a frame of the server, and tells whether an answer is whole with it.
func (d *http2) frame(c *conn, f []byte) (over bool, err error) {
	kind, flags, payload := f[3], f[4], f[frameHead:]
	stream := binary.BigEndian.Uint32(f[5:])
	switch kind {
	case frameHeaders:
		if len(payload) == 0 || payload[0] != http2OK {
			return false, errors.New("the status of an HTTP/2 answer is not 200")
		}
	case frameData:
		if d.body == 0 {
			d.body = len(payload)
		}
		if len(payload) != d.body {
			return false, fmt.Errorf("HTTP/2 bodies differ in length: %d and %d bytes", d.body, len(payload))
		}
	case frameReset, frameGoAway:
		return false, fmt.Errorf("the server ended HTTP/2 by a frame of type %d with %x", kind, payload)
	case frameSettings, framePing:
		if flags&flagAck != 0 {
			return false, nil
		}
		if kind == frameSettings {
			payload = nil
		}
		return false, d.writeAll(c, frame(nil, kind, flagAck, 0, payload))
	}
	if kind > frameHeaders || flags&flagEndStream == 0 {
		return false, nil
	}
	return true, d.answered(&d.sessions[c.id], stream)
}

func (d *http2) answered(s *session, stream uint32) error {
	i := slices.IndexFunc(s.flights, func(f h2Flight) bool { return f.stream == stream })
	if i < 0 {
		return fmt.Errorf("the server has answered on stream %d, where nothing was asked", stream)
	}
	d.done(d.now() - s.flights[i].sentAt)
	s.flights = slices.Delete(s.flights, i, i+1)
	return nil
}
