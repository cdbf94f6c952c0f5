//go:build linux

package main

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// frames are three frames of a stream, as bytes.
func frames(t *testing.T) []byte {
	t.Helper()
	var sent bytes.Buffer
	w := newWire(7, nil, &sent, 16)
	for range 3 {
		if err := w.write(dataFrame, nil, 100); err != nil {
			t.Fatal(err)
		}
	}
	return sent.Bytes()
}

// receive reads the frames of a stream up to its end.
func receive(stream []byte) (int, error) {
	w := newWire(0, bytes.NewReader(stream), nil, 16)
	for n := 0; ; n++ {
		if _, _, err := w.read(); err != nil {
			return n, err
		}
	}
}

func TestWholeStreamIsRead(t *testing.T) {
	if n, err := receive(frames(t)); n != 3 || err != io.EOF {
		t.Errorf("%d frames, %v, want 3 and EOF", n, err)
	}
}

// TestDamageIsSeen changes a stream in all the ways in which bytes can be lost.
func TestDamageIsSeen(t *testing.T) {
	const frame = headerSize + 100
	for _, c := range []struct {
		name   string
		damage func(b []byte) []byte
	}{
		{"a bit of the payload", func(b []byte) []byte { b[frame+headerSize+3] ^= 1; return b }},
		{"a frame is missing", func(b []byte) []byte { return append(b[:frame], b[2*frame:]...) }},
		{"a frame comes twice", func(b []byte) []byte { return append(bytes.Clone(b[:frame]), b...) }},
		{"a byte is missing", func(b []byte) []byte { return append(b[:frame+40], b[frame+41:]...) }},
		{"a byte too many", func(b []byte) []byte { return append(b[:frame], append([]byte{0}, b[frame:]...)...) }},
		{"another stream", func(b []byte) []byte { b[frame+7]++; return b }},
	} {
		var lost *corruption
		if n, err := receive(c.damage(frames(t))); !errors.As(err, &lost) || lost.bytes == 0 {
			t.Errorf("%s: %d frames and %v, want a corruption", c.name, n, err)
		}
	}
	if n, err := receive(frames(t)[:2*frame+50]); n != 2 || err != io.ErrUnexpectedEOF {
		t.Errorf("cut short: %d frames, %v, want 2 and an unexpected EOF", n, err)
	}
}
