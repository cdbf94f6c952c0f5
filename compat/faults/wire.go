//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
)

// A stream is a sequence of frames. Each says which stream it belongs to and its place in it, and
// has a checksum. The server sends every frame back. When the client has closed its direction, the
// server tells how many frames it has got, so that a stream that is cut short is noticed too.
//
//	stream, number: 8 bytes each    kind, length, checksum: 4 bytes each    payload
const headerSize = 28

type frameKind uint32

const (
	dataFrame frameKind = iota + 1
	totalFrame
)

// wire is one end of a stream.
type wire struct {
	stream   uint64 // 0 until the first frame is read
	sent     uint64 // frames
	received uint64
	from     *bufio.Reader
	to       io.Writer
	out, in  []byte
}

func newWire(stream uint64, from io.Reader, to io.Writer, buffer int) *wire {
	return &wire{stream: stream, from: bufio.NewReaderSize(from, buffer), to: to}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fill makes bytes that differ from stream to stream and from frame to frame.
func fill(b []byte, stream, number uint64) {
	r := rand.NewPCG(stream, number)
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, r.Uint64())
		b = b[8:]
	}
	for i := range b {
		b[i] = byte(r.Uint64())
	}
}

// write sends the next frame, in one Write. A nil payload of size n is filled.
func (w *wire) write(kind frameKind, payload []byte, n int) error {
	if payload != nil {
		n = len(payload)
	}
	w.out = grow(w.out, headerSize+n)
	body := w.out[headerSize:]
	if payload == nil {
		fill(body, w.stream, w.sent)
	} else {
		copy(body, payload)
	}
	binary.BigEndian.PutUint64(w.out[0:], w.stream)
	binary.BigEndian.PutUint64(w.out[8:], w.sent)
	binary.BigEndian.PutUint32(w.out[16:], uint32(kind))
	binary.BigEndian.PutUint32(w.out[20:], uint32(n))
	binary.BigEndian.PutUint32(w.out[24:], crc32.Checksum(body, castagnoli))
	w.sent++
	_, err := w.to.Write(w.out)
	return err
}

// read returns the next frame. The payload is good until the next call. The error is io.EOF only
// between two frames.
func (w *wire) read() (frameKind, []byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(w.from, header[:]); err != nil {
		return 0, nil, err
	}
	stream := binary.BigEndian.Uint64(header[0:])
	number := binary.BigEndian.Uint64(header[8:])
	kind := frameKind(binary.BigEndian.Uint32(header[16:]))
	n := binary.BigEndian.Uint32(header[20:])
	if w.stream == 0 {
		w.stream = stream
	}
	if stream != w.stream || number != w.received || n > maxPayload {
		return 0, nil, &corruption{headerSize, fmt.Sprintf("stream %d, frame %d, of %d bytes, where frame %d of stream %d was due",
			stream, number, n, w.received, w.stream)}
	}
	w.received++
	w.in = grow(w.in, int(n))
	if _, err := io.ReadFull(w.from, w.in); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	if crc32.Checksum(w.in, castagnoli) != binary.BigEndian.Uint32(header[24:]) {
		return 0, nil, &corruption{int(n), fmt.Sprintf("frame %d of stream %d has a wrong checksum", number, stream)}
	}
	return kind, w.in, nil
}

const maxPayload = 1 << 20

func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// corruption are bytes that are wrong, out of order or missing.
type corruption struct {
	bytes int
	text  string
}

func (c *corruption) Error() string { return c.text }
