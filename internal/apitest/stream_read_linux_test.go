package apitest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// bulk has the peer send a large block and the subject read it, so that the subject's next large
// Read is taken for one of a stream.
func bulk(t *testing.T, subject, peer stream) {
	t.Helper()
	block := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	sent := make(chan error, 1)
	go func() {
		_, err := peer.Write(block)
		sent <- err
	}()
	got := make([]byte, len(block))
	if _, err := io.ReadAtLeast(subject, got[:32<<10], 32<<10); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(subject, got[32<<10:]); err != nil {
		t.Fatal(err)
	}
	check(t, <-sent)
	if !bytes.Equal(got, block) {
		t.Fatal("other bytes arrived than were sent")
	}
}

// A large Read in the middle of a stream waits in its own way, and ends as any other.
func TestReadOfStream(t *testing.T) {
	large := func() []byte { return make([]byte, 64<<10) }
	for _, end := range []struct {
		name string
		do   func(t *testing.T, subject, peer stream)
		n    int
		err  error
	}{
		{"data", func(t *testing.T, _, peer stream) { mustWrite(t, peer, "more") }, 4, nil},
		{"end of file", func(t *testing.T, _, peer stream) { check(t, peer.CloseWrite()) }, 0, io.EOF},
		{"reset", func(t *testing.T, _, peer stream) {
			check(t, peer.(interface{ SetLinger(int) error }).SetLinger(0))
			check(t, peer.Close())
		}, 0, syscall.ECONNRESET},
		{"deadline", func(t *testing.T, subject, _ stream) { check(t, subject.SetReadDeadline(past)) }, 0, os.ErrDeadlineExceeded},
		{"later deadline", func(t *testing.T, subject, _ stream) {
			check(t, subject.SetReadDeadline(time.Now().Add(time.Millisecond)))
		}, 0, os.ErrDeadlineExceeded},
		{"close", func(t *testing.T, subject, _ stream) { check(t, subject.Close()) }, 0, net.ErrClosed},
	} {
		t.Run(end.name, func(t *testing.T) {
			begin(t)
			subject, peer := connect(t, listen(t, onRing, "tcp"), onNet)
			bulk(t, subject, peer)
			done := parked(t, func() ioResult { return result(subject.Read(large())) })
			end.do(t, subject, peer)
			if r := <-done; r.n != end.n || !errors.Is(r.err, end.err) {
				t.Fatalf("Read = %d, %v, want %d, %v", r.n, r.err, end.n, end.err)
			}
		})
	}
}

// Small and large Reads may alternate in a stream, also over an interruption that leaves a small
// one armed.
func TestReadsOfStreamAlternate(t *testing.T) {
	begin(t)
	subject, peer := connect(t, listen(t, onRing, "tcp"), onNet)
	for range size(200, 20) {
		bulk(t, subject, peer)
		interruptSmallRead(t, subject)
		bulk(t, subject, peer)
		mustWrite(t, peer, "x")
		mustRead(t, subject, "x")
	}
}
