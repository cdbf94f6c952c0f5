package apitest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
)

// WriteBuffers writes all buffers in order, however many, long and empty they are, and consumes
// them.
func TestWriteBuffers(t *testing.T) {
	begin(t)
	c, peer := tcpPair(t)
	var v net.Buffers
	var want []byte
	for i := range 3000 { // more than one call takes
		b := bytes.Repeat([]byte{byte(i)}, i%700)
		v = append(v, b)
		want = append(want, b...)
	}
	got := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(peer)
		got <- b
	}()
	n, err := c.WriteBuffers(&v)
	if n != int64(len(want)) || err != nil || len(v) != 0 {
		t.Fatalf("WriteBuffers = %d, %v with %d buffers left, want %d", n, err, len(v), len(want))
	}
	check(t, c.Close())
	if !bytes.Equal(<-got, want) {
		t.Error("the peer reads something else")
	}
	v = net.Buffers{[]byte("a")}
	if n, err := c.WriteBuffers(&v); n != 0 || !errors.Is(err, net.ErrClosed) || len(v) != 1 {
		t.Errorf("after Close: %d, %v, %d buffers", n, err, len(v))
	}
	var op *net.OpError
	if !errors.As(func() error { _, err := c.WriteBuffers(&v); return err }(), &op) || op.Op != "writev" {
		t.Errorf("the operation is %q, want writev", op.Op)
	}
}

// A deadline ends a WriteBuffers that waits for room; what was written is counted and consumed
// exactly.
func TestWriteBuffersDeadline(t *testing.T) {
	begin(t)
	c, peer := tcpPair(t)
	check(t, c.SetWriteBuffer(16<<10))
	v := net.Buffers{make([]byte, 8<<20), make([]byte, 8<<20)}
	done := parked(t, func() ioResult {
		n, err := c.WriteBuffers(&v)
		return ioResult{int(n), err}
	})
	check(t, c.SetWriteDeadline(past))
	r := <-done
	if !errors.Is(r.err, os.ErrDeadlineExceeded) {
		t.Fatal(r.err)
	}
	left := 0
	for _, b := range v {
		left += len(b)
	}
	if r.n+left != 16<<20 {
		t.Errorf("%d written and %d left of %d", r.n, left, 16<<20)
	}
	check(t, c.Close())
	if b, err := io.ReadAll(peer); len(b) != r.n || err != nil {
		t.Errorf("the peer gets %d bytes, %v, the writer counted %d", len(b), err, r.n)
	}
}
