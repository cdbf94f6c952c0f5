//go:build linux

package ring

import (
	"encoding/binary"
	"testing"
)

// The ring's tail lies inside entry 0: neither may disturb the other, over more than one wrap of the 16-bit tail.
func TestBufRing(t *testing.T) {
	const entries = 8
	mem := make([]byte, entries*bufSize)
	b := newBufRing(mem)
	bufs := make([][]byte, entries)
	for i := range bufs {
		bufs[i] = make([]byte, 16+i)
	}
	kTail := func() uint16 { return binary.NativeEndian.Uint16(mem[14:]) }
	for n := range 200_000 {
		id := n % entries
		before := kTail()
		b.Add(bufs[id], uint16(id))
		if kTail() != before {
			t.Fatalf("buffer %d: the kernel sees the tail move from %d to %d before Commit", n, before, kTail())
		}
		b.Commit()
		if kTail() != uint16(n+1) {
			t.Fatalf("buffer %d: the tail is %d", n, kTail())
		}
		e := mem[(n%entries)*bufSize:]
		addr, size, bid := binary.NativeEndian.Uint64(e), binary.NativeEndian.Uint32(e[8:]), binary.NativeEndian.Uint16(e[12:])
		if addr != address(bufs[id]) || int(size) != len(bufs[id]) || int(bid) != id {
			t.Fatalf("buffer %d: the kernel sees %#x, %d bytes, id %d", n, addr, size, bid)
		}
	}
}

// The real kernel takes the buffers in the order they were added and names the right one.
func TestBufRingInKernel(t *testing.T) {
	r, err := New(Config{SQEntries: 8, CQEntries: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := r.RegisterBuffers(8, 0)
	if err != nil {
		t.Fatal(err)
	}
	bufs := [][]byte{make([]byte, 100), make([]byte, 100)}
	for i, buf := range bufs {
		b.Add(buf, uint16(i))
	}
	b.Commit()
	fds := socketPair(t)
	for n := range 1000 {
		text := string(rune('a' + n%26))
		send(t, fds[0], text)
		sqe, _ := r.SQ.Next()
		PrepRecvPooled(sqe, int32(fds[1]), 100, 0)
		r.SQ.Publish()
		if errno := r.Enter(1); errno != 0 {
			t.Fatal(errno)
		}
		var cqes [4]CQE
		if got := r.CQ.Reap(cqes[:]); got != 1 || cqes[0].Res != 1 || cqes[0].Flags&CQEBuffer == 0 {
			t.Fatalf("message %d: %d completions, the first %+v", n, got, cqes[0])
		}
		id := cqes[0].BufferID()
		if int(id) != n%2 || string(bufs[id][:1]) != text {
			t.Fatalf("message %d: buffer %d holds %q, want %q", n, id, bufs[id][:1], text)
		}
		b.Add(bufs[id], id)
		b.Commit()
	}
}
