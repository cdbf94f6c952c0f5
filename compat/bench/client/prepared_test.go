//go:build linux

package client

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/uringnet/uringnet/compat/bench/cells"
)

// answers feeds b to d in pieces of n bytes.
func answers(t *testing.T, d Dialogue, b []byte, n int) (done []int, reply []byte, err error) {
	t.Helper()
	for piece := range slices.Chunk(b, n) {
		if done, reply, err = d.Answers(piece, done, reply); err != nil {
			return done, reply, err
		}
	}
	return done, reply, nil
}

var pieces = []int{1, 7, 1 << 20}

func TestAnswersInOrder(t *testing.T) {
	value := string(cells.Message())
	answer := "$64\r\n" + value + "\r\n"
	for _, n := range pieces {
		d := RESP()
		request := d.Request(d.Request(nil, 0), 1)
		if want := strings.Repeat("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", 2); string(request) != want {
			t.Errorf("requests are %q, want %q", request, want)
		}
		done, reply, err := answers(t, d, []byte(strings.Repeat(answer, 3)), n)
		if !slices.Equal(done, []int{0, 1, 0}) || len(reply) > 0 || err != nil {
			t.Errorf("in pieces of %d: slots %v, reply %q, error %v", n, done, reply, err)
		}
	}
}

// Each byte of an answer counts.
func TestWrongBytes(t *testing.T) {
	answer := []byte("$64\r\n" + string(cells.Message()) + "\r\n")
	for i := range answer {
		wrong := bytes.Clone(answer)
		wrong[i] ^= 1
		for _, n := range pieces {
			d := RESP()
			d.Request(nil, 0)
			if _, _, err := answers(t, d, wrong, n); !errors.Is(err, errWrongBytes) {
				t.Errorf("byte %d wrong, in pieces of %d: error %v", i, n, err)
			}
		}
	}
}

// script is a server whose answers are known before.
type script struct {
	io.Reader
	written bytes.Buffer
}

func (s *script) Write(b []byte) (int, error) { return s.written.Write(b) }

func TestWebSocketFrames(t *testing.T) {
	d := WebSocket()
	request := d.Request(nil, 0)
	const header, mask = 2, 4
	if len(request) != header+mask+64 || request[0] != 0x82 || request[1] != 0x80|64 {
		t.Fatalf("the frame is % x", request)
	}
	message := bytes.Clone(request[header+mask:])
	for i := range message {
		message[i] ^= request[header+i%mask]
	}
	if !bytes.Equal(message, cells.Message()) {
		t.Errorf("the frame holds %q", message)
	}
	done, _, err := answers(t, d, append([]byte{0x82, 64}, message...), 5)
	if len(done) != 1 || err != nil {
		t.Errorf("slots %v, error %v", done, err)
	}
}

// A server that is no WebSocket, or answers for another key, is found out.
func TestWebSocketUpgrade(t *testing.T) {
	for _, answer := range []string{
		"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
	} {
		if err := WebSocket().Open(&script{Reader: strings.NewReader(answer)}); err == nil {
			t.Errorf("%q opens the dialogue", answer)
		}
	}
}
