//go:build linux

package client

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"golang.org/x/net/http2/hpack"

	"github.com/uringnet/uringnet/compat/bench/cells"
)

// grpc is the client's side of gRPC over HTTP/2 (RFC 9113), as far as short unary calls need it.
//
// It does not count how much it may send: what the calls in flight carry is far below the smallest
// window, and servers renew theirs.
type grpc struct {
	first, later []byte // the header block of the first request, and of all others
	body         []byte // of a request, and of its answer

	decoder   *hpack.Decoder
	hasStatus bool  // the decoder has seen grpc-status
	wrong     error // what it has seen that no good answer has
	rest      []byte
	calls     []call // of the slots
	nextID    uint32
	received  uint32 // bytes of bodies since the last WINDOW_UPDATE
}

// call is one that is in flight.
type call struct {
	id        uint32 // of its stream
	got       int    // bytes of the answer's body
	hasStatus bool
}

// The frames of HTTP/2, and their flags.
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	frameSettings     = 0x4
	framePing         = 0x6
	frameWindowUpdate = 0x8

	flagEndStream  = 0x1
	flagAck        = 0x1 // of SETTINGS and PING
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20

	frameHeader = 9 // bytes before each frame's payload
)

// GRPC calls the method that sends its request back.
func GRPC() Dialogue {
	g := &grpc{body: grpcBody(cells.Message()), nextID: 1}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	encode := func() []byte {
		block.Reset()
		for _, f := range []hpack.HeaderField{
			{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"},
			{Name: ":path", Value: "/" + cells.EchoService + "/" + cells.EchoMethod},
			{Name: ":authority", Value: "localhost"},
			{Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"},
			{Name: "user-agent", Value: "uringnet-bench"},
		} {
			_ = encoder.WriteField(f) // a bytes.Buffer takes all
		}
		return bytes.Clone(block.Bytes())
	}
	// The first block fills the server's table of fields. Those that follow name its entries.
	g.first, g.later = encode(), encode()
	const tableSize = 4096
	g.decoder = hpack.NewDecoder(tableSize, g.field)
	return g
}

// grpcBody is a message as a google.protobuf.BytesValue, with what gRPC puts before it. Its length
// must be below 128.
func grpcBody(message []byte) []byte {
	const bytesField = 1<<3 | 2 // number 1, with a length
	value := append([]byte{bytesField, byte(len(message))}, message...)
	const uncompressed = 0
	return append(binary.BigEndian.AppendUint32([]byte{uncompressed}, uint32(len(value))), value...)
}

// field looks at a header field of an answer.
func (g *grpc) field(f hpack.HeaderField) {
	g.hasStatus = g.hasStatus || f.Name == "grpc-status"
	switch {
	case f.Name == ":status" && f.Value != "200",
		f.Name == "grpc-status" && f.Value != "0",
		f.Name == "grpc-message" && f.Value != "":
		g.wrong = fmt.Errorf("the server answers with %s %q", f.Name, f.Value)
	}
}

// window is how many more bytes of bodies the server may have on the way, over all streams.
const window = 1 << 20

// Open says that this is HTTP/2.
func (g *grpc) Open(rw io.ReadWriter) error {
	b := []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	b = appendFrame(b, frameSettings, 0, 0, nil)
	b = appendFrame(b, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, window))
	_, err := rw.Write(b)
	return err
}

func appendFrame(b []byte, kind, flags byte, id uint32, payload []byte) []byte {
	n := len(payload)
	b = append(b, byte(n>>16), byte(n>>8), byte(n), kind, flags)
	return append(binary.BigEndian.AppendUint32(b, id), payload...)
}

// Request appends a call on a new stream.
func (g *grpc) Request(b []byte, slot int) []byte {
	block := g.later
	if g.nextID == 1 {
		block = g.first
	}
	if slot >= len(g.calls) {
		g.calls = append(g.calls, make([]call, slot+1-len(g.calls))...)
	}
	id := g.nextID
	g.nextID += 2
	g.calls[slot] = call{id: id}
	b = appendFrame(b, frameHeaders, flagEndHeaders, id, block)
	return appendFrame(b, frameData, flagEndStream, id, g.body)
}

// frame is one from the server.
type frame struct {
	kind, flags byte
	id          uint32
	payload     []byte
}

func (f frame) has(flag byte) bool { return f.flags&flag != 0 }

// Answers takes frames, and keeps the beginning of the next one.
func (g *grpc) Answers(b []byte, done []int, reply []byte) ([]int, []byte, error) {
	if len(g.rest) > 0 {
		g.rest = append(g.rest, b...)
		b = g.rest
	}
	for len(b) >= frameHeader {
		n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
		if len(b) < frameHeader+n {
			break
		}
		f := frame{kind: b[3], flags: b[4], id: binary.BigEndian.Uint32(b[5:]), payload: b[frameHeader : frameHeader+n]}
		b = b[frameHeader+n:]
		slot, err := g.take(f)
		if err != nil {
			return done, reply, err
		}
		if slot >= 0 {
			done = append(done, slot)
		}
		reply = g.reply(reply, f)
	}
	g.rest = append(g.rest[:0], b...)
	return done, reply, nil
}

// take checks a frame. It returns the slot whose call is complete with it, or -1.
func (g *grpc) take(f frame) (slot int, err error) {
	switch f.kind {
	case frameSettings, framePing, frameWindowUpdate:
		return -1, nil
	case frameData, frameHeaders:
	default: // RST_STREAM, GOAWAY and what short answers have no need of
		return -1, fmt.Errorf("the server sends a frame of kind %d on stream %d: %q", f.kind, f.id, f.payload)
	}
	slot = slices.IndexFunc(g.calls, func(c call) bool { return c.id == f.id })
	if slot < 0 || f.has(flagPadded) {
		return -1, fmt.Errorf("nobody asked for a frame of kind %d with flags %#x on stream %d", f.kind, f.flags, f.id)
	}
	c := &g.calls[slot]
	if f.kind == frameHeaders {
		err = g.headers(c, f)
	} else {
		err = g.data(c, f.payload)
	}
	if err != nil || !f.has(flagEndStream) {
		return -1, err
	}
	if c.got != len(g.body) || !c.hasStatus {
		return -1, fmt.Errorf("an answer ends after %d of %d bytes, with grpc-status: %v", c.got, len(g.body), c.hasStatus)
	}
	c.id = 0
	return slot, nil
}

func (g *grpc) headers(c *call, f frame) error {
	if !f.has(flagEndHeaders) || f.has(flagPriority) {
		return fmt.Errorf("the header fields of a short answer come with flags %#x", f.flags)
	}
	g.hasStatus = false
	if _, err := g.decoder.Write(f.payload); err != nil {
		return err
	}
	if err := g.decoder.Close(); err != nil {
		return err
	}
	c.hasStatus = c.hasStatus || g.hasStatus
	return g.wrong
}

func (g *grpc) data(c *call, b []byte) error {
	if c.got+len(b) > len(g.body) || !bytes.Equal(b, g.body[c.got:c.got+len(b)]) {
		return errWrongBytes
	}
	c.got += len(b)
	g.received += uint32(len(b))
	return nil
}

// reply appends what the server must be told after a frame.
func (g *grpc) reply(b []byte, f frame) []byte {
	switch {
	case f.kind == frameSettings && !f.has(flagAck):
		b = appendFrame(b, frameSettings, flagAck, 0, nil)
	case f.kind == framePing && !f.has(flagAck):
		b = appendFrame(b, framePing, flagAck, 0, f.payload)
	case g.received >= window/2:
		b = appendFrame(b, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, g.received))
		g.received = 0
	}
	return b
}
