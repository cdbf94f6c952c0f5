package apitest

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

// These tests are about Reads that are interrupted while they wait on a ring. On the other backends
// they check that a user sees no difference.

func totals() uringnet.RingStats { return uringnet.ReadStats().Total() }

// interruptSmallRead is what net/http does for each request: a Read of one byte is interrupted by a
// deadline.
func interruptSmallRead(t testing.TB, c stream) {
	t.Helper()
	interruptRead(t, c, 1)
}

// interruptRead has a Read of so many bytes block, and interrupts it by its deadline.
func interruptRead(t testing.TB, c stream, size int) {
	t.Helper()
	done := parked(t, func() ioResult { return result(c.Read(make([]byte, size))) })
	check(t, c.SetReadDeadline(past))
	if r := <-done; r.n != 0 || !errors.Is(r.err, os.ErrDeadlineExceeded) {
		t.Fatalf("interrupted Read = %d, %v", r.n, r.err)
	}
	check(t, c.SetReadDeadline(time.Time{}))
}

// A Read that is interrupted while it waits on a ring costs a cancellation once. The connection
// waits in the poller from then on, where interruptions cost nothing, and no byte is lost.
func TestInterruptedReadLeavesRing(t *testing.T) {
	receiveOnRings(t)
	begin(t)
	subject, peer := connect(t, listen(t, onRing, "tcp"), onNet)
	before := totals()
	for _, size := range []int{1, 7, 4096} {
		for range 20 {
			interruptRead(t, subject, size)
		}
		message := "0123456789abcdef"
		mustWrite(t, peer, message)
		mustRead(t, subject, message)
	}
	if after := totals(); after.Cancels+after.Withdrawn > before.Cancels+before.Withdrawn+1 {
		t.Errorf("%d cancellations, %d withdrawn", after.Cancels-before.Cancels, after.Withdrawn-before.Withdrawn)
	}
}

// An interrupted Read leaves nothing that keeps the connection open: its Close is the end that the
// peer reads.
func TestCloseAfterInterruptedRead(t *testing.T) {
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

// Nor does it leave anything that keeps a lost connection from the garbage collector.
func TestUnreachableAfterInterruptedRead(t *testing.T) {
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

// After an interrupted Read the bytes that come are for the raw reader, if that one asks first.
func TestRawAccessAfterInterruptedRead(t *testing.T) {
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
