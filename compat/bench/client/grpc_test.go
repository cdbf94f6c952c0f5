//go:build linux

package client

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/net/http2/hpack"

	"github.com/uringnet/uringnet/compat/bench/cells"
)

// peer writes what a gRPC server would.
type peer struct {
	b       []byte
	block   bytes.Buffer
	encoder *hpack.Encoder
}

func newPeer() *peer {
	p := new(peer)
	p.encoder = hpack.NewEncoder(&p.block)
	return p
}

// headers appends a HEADERS frame; fields are names and values in turn.
func (p *peer) headers(id uint32, flags byte, fields ...string) *peer {
	p.block.Reset()
	for pair := range slices.Chunk(fields, 2) {
		_ = p.encoder.WriteField(hpack.HeaderField{Name: pair[0], Value: pair[1]})
	}
	return p.frame(frameHeaders, flagEndHeaders|flags, id, p.block.Bytes())
}

func (p *peer) frame(kind, flags byte, id uint32, payload []byte) *peer {
	p.b = appendFrame(p.b, kind, flags, id, payload)
	return p
}

// answer appends a whole answer, its body in two frames.
func (p *peer) answer(id uint32, body []byte) *peer {
	return p.headers(id, 0, ":status", "200", "content-type", "application/grpc").
		frame(frameData, 0, id, body[:5]).frame(frameData, 0, id, body[5:]).
		headers(id, flagEndStream, "grpc-status", "0")
}

// Calls may end in any order; SETTINGS and PING are acknowledged.
func TestGRPCAnswers(t *testing.T) {
	body := grpcBody(cells.Message())
	settings, ping := []byte{0, 5, 0, 0, 0x40, 0}, []byte("12345678")
	for _, n := range pieces {
		d := GRPC()
		for slot := range 3 {
			d.Request(nil, slot)
		}
		p := newPeer().frame(frameSettings, 0, 0, settings).answer(3, body).
			frame(framePing, 0, 0, ping).frame(frameSettings, flagAck, 0, nil).
			answer(5, body).answer(1, body)
		done, reply, err := answers(t, d, p.b, n)
		if !slices.Equal(done, []int{1, 2, 0}) || err != nil {
			t.Errorf("in pieces of %d: slots %v, error %v", n, done, err)
		}
		want := appendFrame(appendFrame(nil, frameSettings, flagAck, 0, nil), framePing, flagAck, 0, ping)
		if !bytes.Equal(reply, want) {
			t.Errorf("in pieces of %d: reply % x, want % x", n, reply, want)
		}
	}
}

// The server's window for bodies is renewed before it is used up.
func TestGRPCWindow(t *testing.T) {
	d, p, body := GRPC(), newPeer(), grpcBody(cells.Message())
	sent := 0
	for id := uint32(1); sent <= window; id += 2 {
		d.Request(nil, 0)
		p.b = p.b[:0]
		done, reply, err := answers(t, d, p.answer(id, body).b, 1<<20)
		if len(done) != 1 || err != nil {
			t.Fatalf("slots %v, error %v", done, err)
		}
		sent += len(body)
		if len(reply) == 0 {
			continue
		}
		if want := appendFrame(nil, frameWindowUpdate, 0, 0, binary.BigEndian.AppendUint32(nil, uint32(sent))); !bytes.Equal(reply, want) {
			t.Errorf("after %d bytes the reply is % x, want % x", sent, reply, want)
		}
		return
	}
	t.Errorf("%d bytes have come without a WINDOW_UPDATE", sent)
}

// The first request of a connection says the header fields, the others name them.
func TestGRPCRequests(t *testing.T) {
	d := GRPC()
	decoder := hpack.NewDecoder(4096, nil)
	var lengths []int
	for slot := range 3 {
		request := d.Request(nil, slot)
		n := int(request[2])
		fields, err := decoder.DecodeFull(request[frameHeader : frameHeader+n])
		if err != nil || len(fields) != 7 || fields[2].Value != "/uringnet.bench.Echo/Call" {
			t.Errorf("fields %v, error %v", fields, err)
		}
		body := request[frameHeader+n:]
		if want := appendFrame(nil, frameData, flagEndStream, uint32(2*slot+1), grpcBody(cells.Message())); !bytes.Equal(body, want) {
			t.Errorf("behind the fields there is % x, want % x", body, want)
		}
		lengths = append(lengths, n)
	}
	if lengths[1] >= lengths[0] || lengths[2] != lengths[1] {
		t.Errorf("header blocks of %v bytes", lengths)
	}
}

func TestGRPCWrongAnswers(t *testing.T) {
	body := grpcBody(cells.Message())
	wrong := bytes.Clone(body)
	wrong[40] ^= 1
	for name, p := range map[string]*peer{
		"status":         newPeer().headers(1, 0, ":status", "503"),
		"grpc-status":    newPeer().headers(1, 0, ":status", "200").headers(1, flagEndStream, "grpc-status", "12"),
		"no grpc-status": newPeer().headers(1, 0, ":status", "200").frame(frameData, flagEndStream, 1, body),
		"body":           newPeer().headers(1, 0, ":status", "200").frame(frameData, 0, 1, wrong),
		"short body":     newPeer().answer(1, body[:70]),
		"long body":      newPeer().answer(1, append(bytes.Clone(body), 0)),
		"reset":          newPeer().frame(0x3, 0, 1, []byte{0, 0, 0, 1}),
		"goaway":         newPeer().frame(0x7, 0, 0, make([]byte, 8)),
		"other stream":   newPeer().answer(3, body),
		"answered twice": newPeer().answer(1, body).answer(1, body),
		"padding":        newPeer().frame(frameData, flagPadded, 1, body),
	} {
		d := GRPC()
		d.Request(nil, 0)
		if _, _, err := answers(t, d, p.b, 9); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
