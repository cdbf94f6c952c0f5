package apitest

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

var (
	past   = time.Unix(1, 0)
	never  = time.Time{}
	future = func() time.Time { return time.Now().Add(time.Hour) }
	soon   = func() time.Time { return time.Now().Add(5 * time.Millisecond) }
)

// isTimeout reports whether err is what a deadline gives, in each of the ways in which programs
// ask.
func isTimeout(err error) bool {
	var ne net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) && errors.As(err, &ne) && ne.Timeout()
}

func mustTimeOut(t testing.TB, r ioResult) {
	t.Helper()
	if r.n != 0 || !isTimeout(r.err) {
		t.Fatalf("n = %d, err = %v, want a timeout", r.n, r.err)
	}
}

// waitPast returns when at has passed: the event that a test which moves a deadline away waits for.
func waitPast(at time.Time) { <-time.After(time.Until(at) + time.Millisecond) }

func TestReadDeadlinePast(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		buf := make([]byte, 16)
		// again and again, with data there: the deadline comes first, and takes nothing away
		for range 3 {
			mustWrite(t, peer, "data")
			check(t, c.SetReadDeadline(past))
			mustTimeOut(t, result(c.Read(buf)))
			mustTimeOut(t, result(c.Read(buf)))
			check(t, c.SetReadDeadline(never))
			mustRead(t, c, "data")
		}
		// A deadline of the other direction, or one that is far away, changes nothing.
		check(t, c.SetWriteDeadline(past))
		mustWrite(t, peer, "data")
		mustRead(t, c, "data")
		check(t, c.SetReadDeadline(future()))
		mustWrite(t, peer, "data")
		mustRead(t, c, "data")
		// One that passed before there was data is not sticky either.
		check(t, c.SetDeadline(past))
		mustTimeOut(t, result(c.Read(buf)))
		mustTimeOut(t, result(c.Write(buf)))
		check(t, c.SetDeadline(never))
		mustWrite(t, peer, "data")
		mustRead(t, c, "data")
		mustWrite(t, c, "data")
		mustRead(t, peer, "data")
	})
}

// TestReadDeadlineAtEOF: the deadline beats the end of the stream, too.
func TestReadDeadlineAtEOF(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		check(t, peer.CloseWrite())
		mustEOF(t, c)
		check(t, c.SetReadDeadline(past))
		mustTimeOut(t, result(c.Read(make([]byte, 1))))
		check(t, c.SetReadDeadline(never))
		mustEOF(t, c)
	})
}

func TestReadDeadlineWhileBlocked(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		buf := make([]byte, 16)
		read := func() ioResult { return result(c.Read(buf)) }

		check(t, c.SetReadDeadline(soon())) // set before
		mustTimeOut(t, read())

		for _, d := range []func() time.Time{soon, func() time.Time { return past }} { // earlier
			for _, first := range []time.Time{never, future()} {
				check(t, c.SetReadDeadline(first))
				blocked := parked(t, read)
				check(t, c.SetReadDeadline(d()))
				mustTimeOut(t, <-blocked)
			}
		}
		for _, second := range []time.Time{never, future()} { // later, or none
			blocked := blockThenMove(t, c, read, second)
			mustWrite(t, peer, "data")
			if r := <-blocked; r.n != 4 || r.err != nil || string(buf[:4]) != "data" {
				t.Fatalf("Read = %d, %v", r.n, r.err)
			}
		}
		// Moved twice: what counts is the last one.
		check(t, c.SetReadDeadline(never))
		blocked := parked(t, read)
		check(t, c.SetReadDeadline(future()))
		check(t, c.SetReadDeadline(never))
		check(t, c.SetDeadline(soon()))
		mustTimeOut(t, <-blocked)
	})
}

// blockThenMove has read block under a deadline that is near, moves the deadline away in time, and
// returns once the first one has passed. A machine that is too slow for that gets a longer one: how
// fast it is must not decide.
func blockThenMove(t *testing.T, c net.Conn, read func() ioResult, second time.Time) <-chan ioResult {
	t.Helper()
	for d := 20 * time.Millisecond; ; d *= 2 {
		first := time.Now().Add(d)
		check(t, c.SetReadDeadline(first))
		blocked := parked(t, read)
		check(t, c.SetReadDeadline(second))
		if time.Now().Before(first) {
			waitPast(first)
			return blocked
		}
		check(t, c.SetReadDeadline(past))
		<-blocked
	}
}

// TestZeroLength: nothing can be read or written in no time, whatever the deadline says; only Close
// is known.
func TestZeroLength(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		for _, d := range []time.Time{never, future(), past} {
			check(t, c.SetReadDeadline(d))
			for _, b := range [][]byte{nil, {}} {
				if n, err := c.Read(b); n != 0 || err != nil {
					t.Errorf("Read of nothing, deadline %v: %d, %v", d, n, err)
				}
			}
		}
		if n, err := c.Write(nil); n != 0 || err != nil {
			t.Errorf("Write of nothing = %d, %v", n, err)
		}
		check(t, c.SetWriteDeadline(past))
		mustTimeOut(t, result(c.Write(nil)))
		check(t, peer.CloseWrite())
		if n, err := c.Read(nil); n != 0 || err != nil {
			t.Errorf("Read of nothing at the end = %d, %v", n, err)
		}
		check(t, c.Close())
		for what, r := range map[string]ioResult{"Read": result(c.Read(nil)), "Write": result(c.Write(nil))} {
			if r.n != 0 || !errors.Is(r.err, net.ErrClosed) {
				t.Errorf("%s of nothing after Close = %d, %v", what, r.n, r.err)
			}
		}
	})
}

// TestManyDeadlines sets one deadline after the other on many connections, in another order than
// they pass.
func TestManyDeadlines(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	n := size(300, 60)
	done := make(chan ioResult, n)
	for i := range n {
		c, _ := connect(t, l, onNet)
		check(t, c.SetReadDeadline(time.Now().Add(time.Duration(1+i*7%20)*time.Millisecond)))
		go func() { done <- result(c.Read(make([]byte, 1))) }()
	}
	for range n {
		mustTimeOut(t, <-done)
	}
}

// TestReadDeadlineConcurrent moves the deadline from several goroutines while data goes on to flow.
func TestReadDeadlineConcurrent(t *testing.T) {
	begin(t)
	a, d := tcpPair(t)
	stop := make(chan struct{})
	setters := make(chan error, 4)
	for i := range 4 {
		go func() {
			var err error
			for err == nil {
				select {
				case <-stop:
					setters <- nil
					return
				default:
					err = a.SetDeadline(time.Now().Add(time.Duration(1+i) * time.Hour))
				}
			}
			setters <- err
		}()
	}
	err := transfer(a, d, size(4<<20, 1<<20), 8<<10)
	close(stop)
	for range 4 {
		check(t, <-setters)
	}
	check(t, err)
}
