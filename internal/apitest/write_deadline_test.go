package apitest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// smallBuffers makes c and its peer hold little, so that a writer blocks early.
func smallBuffers(t testing.TB, c, peer stream) {
	t.Helper()
	check(t, c.SetWriteBuffer(8<<10))
	check(t, peer.SetReadBuffer(16<<10))
}

// TestWriteDeadline has a peer that does not read: what Write says it wrote is what the peer gets,
// no byte less and no byte more, timeout after timeout.
func TestWriteDeadline(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		smallBuffers(t, c, peer)
		data := make([]byte, 4<<20)
		pattern(7).Read(data)
		sent := 0
		for range size(10, 4) {
			// Whatever fits in goes out first; then the socket is full, and not one byte is taken.
			for full := false; !full; {
				check(t, c.SetWriteDeadline(soon()))
				n, err := c.Write(data[sent:])
				if !isTimeout(err) || n >= len(data)-sent {
					t.Fatalf("Write of %d bytes = %d, %v", len(data)-sent, n, err)
				}
				sent += n
				full = n == 0
			}
			check(t, c.SetWriteDeadline(past))
			mustTimeOut(t, result(c.Write(data[sent:])))
			half := make([]byte, min(sent, 20<<10)) // makes room for the next round
			if _, err := io.ReadFull(peer, half); err != nil || !bytes.Equal(half, data[:len(half)]) {
				t.Fatalf("read %v, content right: %v", err, bytes.Equal(half, data[:len(half)]))
			}
			data, sent = data[len(half):], sent-len(half)
		}
		check(t, c.SetWriteDeadline(never))
		check(t, c.CloseWrite())
		if rest, err := io.ReadAll(peer); err != nil || !bytes.Equal(rest, data[:sent]) {
			t.Fatalf("the peer got %d bytes, %v, the writer counted %d", len(rest), err, sent)
		}
	})
}

func TestWriteDeadlineWhileBlocked(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		smallBuffers(t, c, peer)
		sum := 0
		data := make([]byte, 512<<10) // more than the sockets take; see drained
		pattern(8).Read(data)
		for _, d := range []func() time.Time{soon, func() time.Time { return past }} {
			for _, first := range []time.Time{never, future()} {
				check(t, c.SetWriteDeadline(first))
				blocked := parked(t, func() ioResult { return result(c.Write(data[sum:])) })
				check(t, c.SetReadDeadline(past)) // the other direction's is not meant
				check(t, c.SetWriteDeadline(d()))
				r := <-blocked
				if !isTimeout(r.err) {
					t.Fatalf("Write = %d, %v", r.n, r.err)
				}
				sum += r.n
			}
		}
		// Cleared while blocked: the rest goes through when the peer reads.
		check(t, c.SetWriteDeadline(future()))
		blocked := parked(t, func() ioResult { return result(c.Write(data[sum:])) })
		check(t, c.SetWriteDeadline(never))
		got := make([]byte, len(data))
		if n, err := io.ReadFull(peer, got); err != nil {
			t.Fatalf("read %d bytes, %v", n, err)
		}
		if r := <-blocked; r.err != nil || r.n != len(data)-sum || !bytes.Equal(got, data) {
			t.Fatalf("Write = %d, %v; content right: %v", r.n, r.err, bytes.Equal(got, data))
		}
	})
}

// TestWriteDeadlineRace has the deadline pass while the peer makes room: each byte is either
// counted or not sent.
func TestWriteDeadlineRace(t *testing.T) {
	begin(t)
	c, peer := tcpPair(t)
	smallBuffers(t, c, peer)
	total := size(16<<20, 2<<20)
	got := make(chan error, 1)
	go func() {
		_, err := receive(peer, 9, total, 4<<10)
		got <- err
	}()
	data := make([]byte, total)
	pattern(9).Read(data)
	timeouts := 0
	for sent, i := 0, 0; sent < total; i++ {
		check(t, c.SetWriteDeadline(time.Now().Add(time.Duration(i%200)*time.Microsecond)))
		n, err := c.Write(data[sent:min(total, sent+256<<10)])
		sent += n
		if err != nil {
			timeouts++
			if !isTimeout(err) {
				t.Fatal(err)
			}
		}
	}
	check(t, <-got)
	t.Logf("%d timeouts", timeouts)
}

// TestWriteAfterPeerClosed: the first write may still succeed, then the error is the system's, and
// it stays.
func TestWriteAfterPeerClosed(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		check(t, peer.Close())
		var err error
		eventually(t, "Write to fail", func() bool {
			_, err = c.Write([]byte("x"))
			return err != nil
		})
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "write" || isTimeout(err) {
			t.Errorf("Write = %v", err)
		}
		if _, err := c.Write([]byte("x")); err == nil {
			t.Error("the next Write succeeds")
		}
	})
}

// TestConcurrentWrites: each Write is atomic with regard to the others, however much it is cut up
// underneath.
func TestConcurrentWrites(t *testing.T) {
	begin(t)
	c, peer := unixPair(t, "unix") // TCP with small buffers waits for delayed ACKs most of the time
	smallBuffers(t, c, peer)
	const writers, length = 8, 100_000
	rounds := size(50, 10)
	var left atomic.Int64
	left.Store(writers)
	for w := range writers {
		go func() {
			b := bytes.Repeat([]byte{byte('a' + w)}, length)
			for range rounds {
				if n, err := c.Write(b); n != length || err != nil {
					t.Errorf("Write = %d, %v", n, err)
				}
			}
			if left.Add(-1) == 0 {
				c.CloseWrite()
			}
		}()
	}
	b := make([]byte, length)
	for i := range writers * rounds {
		if _, err := io.ReadFull(peer, b); err != nil || bytes.Count(b, b[:1]) != length {
			t.Fatalf("message %d: %v, %d bytes of one writer", i, err, bytes.Count(b, b[:1]))
		}
	}
	mustEOF(t, peer)
}
