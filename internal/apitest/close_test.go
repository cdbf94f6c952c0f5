package apitest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

func mustBeClosed(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, net.ErrClosed) {
		t.Fatalf("%s = %v, want net.ErrClosed", what, err)
	}
}

// TestCloseUnblocks closes under a blocked Read and a blocked Write. The peer gets exactly what
// Write counted, and then the end: a receive that still waits in the kernel must not hold the FIN
// back.
func TestCloseUnblocks(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		smallBuffers(t, c, peer)
		data := make([]byte, 4<<20)
		pattern(11).Read(data)
		read := parked(t, func() ioResult { return result(c.Read(make([]byte, 16))) })
		write := parked(t, func() ioResult { return result(c.Write(data)) })
		check(t, c.Close())
		r, w := <-read, <-write
		mustBeClosed(t, "Read", r.err)
		mustBeClosed(t, "Write", w.err)
		if r.n != 0 || w.n == 0 || w.n >= len(data) {
			t.Fatalf("Read = %d, Write = %d of %d", r.n, w.n, len(data))
		}
		got, err := io.ReadAll(peer)
		if err != nil || !bytes.Equal(got, data[:w.n]) {
			t.Fatalf("the peer got %d bytes, %v, the writer counted %d", len(got), err, w.n)
		}
	})
}

// TestCloseManyTimes closes connections with a Read and a Write in flight, at any point of their
// way. What is left of 10,000 of them is seen by begin's check.
func TestCloseManyTimes(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			l := listen(t, onRing, network)
			in, out := make([]byte, 1<<20), make([]byte, 1<<20)
			for i := range size(5000, 500) {
				c, peer := dialAccept(t, l)
				check(t, c.SetWriteBuffer(4<<10))
				var results [2]chan ioResult
				for k, f := range []func() (int, error){
					func() (int, error) { return c.Read(in) },
					func() (int, error) { return c.Write(out) },
				} {
					results[k] = make(chan ioResult, 1)
					go func() { results[k] <- result(f()) }()
				}
				switch i % 3 {
				case 1:
					runtime.Gosched()
				case 2: // the Write has begun for sure
					mustRead(t, peer, "\x00")
				}
				if i%5 == 0 { // together with data, which may win or not
					peer.Write([]byte{1})
				}
				check(t, c.Close())
				for k := range results {
					if r := <-results[k]; r.err != nil {
						mustBeClosed(t, "I/O", r.err)
					} else if k == 1 {
						t.Fatal("Write of 1 MiB succeeded")
					}
				}
				check(t, peer.Close())
			}
		})
	}
}

// dialAccept is connect without the clean-up, which would pile up where a test makes thousands of
// connections.
func dialAccept(t *testing.T, l net.Listener) (dialed, accepted stream) {
	t.Helper()
	d, err := onRing.dial(l.Addr().Network(), l.Addr().String())
	check(t, err)
	a, err := l.Accept()
	check(t, err)
	return d.(stream), a.(stream)
}

// TestCloseTwice: one Close succeeds, however many there are and wherever they come from.
func TestCloseTwice(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		closeConcurrently(t, c)
		mustBeClosed(t, "another Close", c.Close())
		mustEOF(t, peer)
	})
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network+"/listener", func(t *testing.T) {
			begin(t)
			l := listen(t, onRing, network)
			accept := parked(t, func() error { _, err := l.Accept(); return err })
			closeConcurrently(t, l)
			mustBeClosed(t, "another Close", l.Close())
			mustBeClosed(t, "Accept", <-accept)
		})
	}
}

func closeConcurrently(t *testing.T, c io.Closer) {
	t.Helper()
	const n = 8
	errs := make(chan error, n)
	var ready sync.WaitGroup
	ready.Add(n)
	for range n {
		go func() {
			ready.Done()
			ready.Wait()
			errs <- c.Close()
		}()
	}
	succeeded := 0
	for range n {
		if err := <-errs; err == nil {
			succeeded++
		} else {
			mustBeClosed(t, "Close", err)
		}
	}
	if succeeded != 1 {
		t.Fatalf("%d of %d Closes succeeded", succeeded, n)
	}
}

// TestUseAfterClose calls everything that can fail on a connection that is closed.
func TestUseAfterClose(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		raw, err := c.SyscallConn()
		check(t, err)
		local, remote := c.LocalAddr().String(), c.RemoteAddr().String()
		check(t, c.Close())
		_, fileErr := c.File()
		for what, err := range map[string]error{
			"Read":             result(c.Read(make([]byte, 1))).err,
			"Write":            result(c.Write([]byte("x"))).err,
			"CloseRead":        c.CloseRead(),
			"CloseWrite":       c.CloseWrite(),
			"SetDeadline":      c.SetDeadline(time.Now()),
			"SetReadDeadline":  c.SetReadDeadline(never),
			"SetWriteDeadline": c.SetWriteDeadline(past),
			"SetReadBuffer":    c.SetReadBuffer(4096),
			"SetWriteBuffer":   c.SetWriteBuffer(4096),
			"File":             fileErr,
			"RawConn.Control":  raw.Control(func(uintptr) { t.Error("Control runs") }),
			"RawConn.Read":     raw.Read(func(uintptr) bool { t.Error("Read runs"); return true }),
			"RawConn.Write":    raw.Write(func(uintptr) bool { t.Error("Write runs"); return true }),
		} {
			mustBeClosed(t, what, err)
		}
		// The addresses stay: logs are written after the end.
		if l, r := c.LocalAddr().String(), c.RemoteAddr().String(); l != local || r != remote {
			t.Errorf("addresses %s %s, before %s %s", l, r, local, remote)
		}
	})
}

// TestCloseResets: unread data or linger 0 makes it an RST, as everywhere.
func TestCloseResets(t *testing.T) {
	for _, how := range []string{"linger", "unread"} {
		t.Run(how, func(t *testing.T) {
			begin(t)
			c, peer := tcpPair(t)
			blocked := parked(t, func() ioResult { return result(c.Read(make([]byte, 1))) })
			if how == "linger" {
				check(t, c.SetLinger(0))
			} else { // more of it than a receive buffer takes ahead of the reader
				mustWrite(t, peer, string(make([]byte, 64<<10)))
				<-blocked
			}
			check(t, c.Close())
			_, err := peer.Read(make([]byte, 1))
			if !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the peer reads %v, want ECONNRESET", err)
			}
		})
	}
}
