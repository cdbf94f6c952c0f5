package uringnet_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

// These tests are about receives that stay armed between two Reads, which only the rings have. On package net they check
// that a user sees no difference.

func onRings() bool { return uringnet.Backend().Name == "io_uring" }

func totals() uringnet.RingStats { return uringnet.ReadStats().Total() }

// interruptSmallRead leaves a receive armed: a Read of one byte blocks and is interrupted by its deadline.
func interruptSmallRead(t testing.TB, c stream) {
	t.Helper()
	done := parked(t, func() ioResult { return result(c.Read(make([]byte, 1))) })
	check(t, c.SetReadDeadline(past))
	if r := <-done; r.n != 0 || !errors.Is(r.err, os.ErrDeadlineExceeded) {
		t.Fatalf("interrupted Read = %d, %v", r.n, r.err)
	}
	check(t, c.SetReadDeadline(time.Time{}))
}

// Setting a deadline on a blocked small Read costs no cancellation, and what comes afterwards is for the next Read,
// in whatever size it asks.
func TestInterruptedReceiveStaysArmed(t *testing.T) {
	receiveOnRings(t)
	begin(t)
	subject, peer := connect(t, listen(t, onRing, "tcp"), onNet)
	before := totals()
	for _, size := range []int{1, 7, 4096} {
		interruptSmallRead(t, subject)
		if onRings() && totals().InFlight == before.InFlight {
			t.Error("no receive is in flight after an interrupted Read")
		}
		message := "0123456789abcdef"
		mustWrite(t, peer, message)
		got := make([]byte, 0, len(message))
		for len(got) < len(message) {
			p := make([]byte, size)
			n, err := subject.Read(p)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, p[:n]...)
		}
		if string(got) != message {
			t.Fatalf("Reads of %d bytes gave %q", size, got)
		}
	}
	if after := totals(); after.Cancels != before.Cancels {
		t.Errorf("%d cancellations", after.Cancels-before.Cancels)
	}
}

// A connection that waits holds no buffer, one whose receive has ended holds one, and one that is read out none. However
// much comes, only what the interrupted Read asked for leaves the socket.
func TestOneBufferAtMost(t *testing.T) {
	needRing(t)
	receiveOnRings(t)
	begin(t)
	subject, peer := connect(t, listen(t, onRing, "tcp"), onNet)
	inUse := func(want uint64) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d buffers in use", want), func() bool { return totals().BuffersInUse == want })
	}
	interruptSmallRead(t, subject)
	inUse(0)
	for range 10 {
		mustWrite(t, peer, "0123456789")
		inUse(1)
	}
	mustRead(t, subject, "0123456789")
	inUse(0)
	for range 9 {
		mustRead(t, subject, "0123456789")
	}
	inUse(0)
}

// Close takes an armed receive back before it closes the file descriptor: otherwise the receive would keep
// the connection open, and the peer would wait for its EOF.
func TestCloseWithArmedReceive(t *testing.T) {
	receiveOnRings(t)
	begin(t)
	l := listen(t, onRing, "tcp")
	for range size(1000, 100) {
		subject, peer := connect(t, l, onNet)
		interruptSmallRead(t, subject)
		check(t, subject.Close())
		mustEOF(t, peer)
		peer.Close()
	}
}

// A receive that is left armed must not keep a lost connection from the garbage collector.
func TestUnreachableWithArmedReceive(t *testing.T) {
	receiveOnRings(t)
	begin(t)
	_, peer := func() (any, stream) {
		subject, peer := connectLoosely(t)
		interruptSmallRead(t, subject)
		return nil, peer
	}()
	gone := make(chan error, 1)
	go func() {
		_, err := peer.Read(make([]byte, 1))
		gone <- err
	}()
	eventually(t, "the lost connection to be closed", func() bool {
		runtime.GC()
		return len(gone) > 0
	})
	if err := <-gone; err != io.EOF {
		t.Fatal(err)
	}
}

// connectLoosely is connect without anything that holds the accepted end.
func connectLoosely(t testing.TB) (subject, peer stream) {
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	d, err := net.Dial("tcp", l.Addr().String())
	check(t, err)
	t.Cleanup(func() { d.Close() })
	a, err := l.Accept()
	check(t, err)
	return a.(stream), d.(stream)
}

// Raw access takes an armed receive back: the bytes that come are for the raw reader.
func TestRawAccessTakesArmedReceiveBack(t *testing.T) {
	receiveOnRings(t)
	begin(t)
	subject, peer := connect(t, listen(t, onRing, "tcp"), onNet)
	interruptSmallRead(t, subject)
	f, err := subject.File()
	check(t, err)
	defer f.Close()
	mustWrite(t, peer, "raw")
	mustRead(t, f, "raw")
	interruptSmallRead(t, subject)
	mustWrite(t, peer, "again")
	mustRead(t, f, "again")
}

func init() { children["fourbuffers"] = fourBuffers }

// Five hundred connections that read byte by byte share four buffers: whoever finds none receives directly.
func TestPoolOfFourBuffers(t *testing.T) {
	out := child(t, "fourbuffers", "URINGNET_BUFFERS=4", "GOMAXPROCS=2", waitEnv+"=ring")
	if onRings() {
		var buffers, rings, starved uint64
		if n, err := fmt.Sscanf(out, "%d buffers on %d rings, %d receives found none", &buffers, &rings, &starved); n != 3 {
			t.Fatal(err, out)
		}
		if buffers != 4*rings || starved == 0 {
			t.Errorf("the child was not short of buffers: %s", out)
		}
	}
}

func fourBuffers() error {
	const conns, rounds = 500, 20
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	var readers sync.WaitGroup
	errs := make(chan error, 2*conns)
	var peers []net.Conn
	for range conns {
		peer, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer peer.Close()
		peers = append(peers, peer)
		c, err := l.Accept()
		if err != nil {
			return err
		}
		readers.Go(func() { errs <- readBytewise(c, rounds) })
	}
	for round := range rounds {
		for _, peer := range peers {
			if _, err := peer.Write([]byte{byte(round), byte(round >> 8), 'x', 'y'}); err != nil {
				return err
			}
		}
	}
	readers.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	st := uringnet.ReadStats()
	fmt.Printf("%d buffers on %d rings, %d receives found none\n", st.Total().Buffers, len(st.Rings), st.Total().NoBuffers)
	if n := st.Total().BuffersInUse; n != 0 {
		return fmt.Errorf("%d buffers are still in use", n)
	}
	return nil
}

func readBytewise(c net.Conn, rounds int) error {
	defer c.Close()
	var b [1]byte
	for round := range rounds {
		for _, want := range []byte{byte(round), byte(round >> 8), 'x', 'y'} {
			if n, err := c.Read(b[:]); n != 1 || err != nil {
				return fmt.Errorf("round %d: Read = %d, %v", round, n, err)
			}
			if b[0] != want {
				return fmt.Errorf("round %d: byte %d, want %d", round, b[0], want)
			}
		}
	}
	return nil
}
