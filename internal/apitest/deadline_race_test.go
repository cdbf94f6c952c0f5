package apitest

import (
	"bytes"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"
)

// TestReadDeadlineRacesByte has a byte arrive and the deadline pass at the same moment, again and
// again. Either the read returns that byte, or it times out and the next read does: it is never
// lost, doubled or written to the wrong slice.
func TestReadDeadlineRacesByte(t *testing.T) {
	for _, tc := range []struct {
		name, network string
		// of the slice that is read into: a tiny and an ordinary one may take different ways
		length int
		share  int // of the rounds, in 1/4
	}{
		{"tcp/1", "tcp", 1, 1},
		{"tcp/4096", "tcp", 4096, 2},
		{"unix/64", "unix", 64, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begin(t)
			c, peer := pair(t, tc.network)
			raceByte(t, c, peer, tc.length, size(100_000, 10_000)*tc.share/4)
		})
	}
}

func raceByte(t *testing.T, c, peer stream, length, rounds int) {
	const guard = 0xa5
	fresh := bytes.Repeat([]byte{guard}, length)
	buf, stale := bytes.Clone(fresh), bytes.Clone(fresh)
	toRead, read := make(chan []byte), make(chan ioResult)
	defer close(toRead)
	go func() {
		for b := range toRead {
			read <- result(c.Read(b))
		}
	}()
	timeouts := 0
	var lead steering
	for i := range rounds {
		copy(buf, fresh)
		toRead <- buf
		if i%4 < 2 {
			runtime.Gosched() // let the read begin first, or not
		}
		write := func() { mustWrite(t, peer, string([]byte{byte(i)})) }
		expire := func() { check(t, c.SetReadDeadline(past)) }
		if i%2 == 0 {
			write()
			lead.wait()
			expire()
		} else {
			expire()
			write() // while the read is being broken off
		}
		r := <-read
		if i%2 == 0 {
			lead.steer(r.err == nil)
		}
		check(t, c.SetReadDeadline(never))
		if isTimeout(r.err) && r.n == 0 {
			// The slice of the read that timed out is the caller's again: what comes now must not
			// end up there.
			timeouts++
			buf, stale = stale, buf
			copy(buf, fresh)
			r = result(c.Read(buf))
			if !bytes.Equal(stale, fresh) {
				t.Fatalf("round %d: the slice of a read that timed out was written to", i)
			}
		}
		if r.n != 1 || r.err != nil || buf[0] != byte(i) || !bytes.Equal(buf[1:], fresh[1:]) {
			t.Fatalf("round %d: Read = %d, %v, first byte %d, want %d", i, r.n, r.err, buf[0], byte(i))
		}
	}
	t.Logf("%d of %d reads timed out first", timeouts, rounds)
}

// steering finds the delay at which either side of a race is as likely to win: only there it is
// one.
type steering int

func (s *steering) wait() {
	for range *s {
		spin()
	}
}

func (s *steering) steer(less bool) {
	if less {
		*s = max(0, *s-100)
	} else {
		*s = min(*s+100, 20_000)
	}
}

//go:noinline
func spin() {}

// TestAbortPendingRead does what net/http's server does at every request: a read of one byte waits
// in the background for the client to go away or to send the next request, and is broken off by a
// deadline in the past. Then the connection's reader gets that byte, if there was one, and
// everything behind it.
func TestAbortPendingRead(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		rng := rand.New(rand.NewPCG(4, 4))
		content := pattern(10)
		toWrite, wrote := make(chan []byte), make(chan error)
		defer close(toWrite)
		go func() {
			for b := range toWrite {
				_, err := peer.Write(b)
				wrote <- err
			}
		}()
		caught := 0
		var lead steering
		for i := range size(5_000, 500) {
			message := make([]byte, 1+rng.IntN(9000))
			content.Read(message)
			var first [1]byte
			background := make(chan ioResult, 1)
			go func() { background <- result(c.Read(first[:])) }()
			if i%2 == 0 {
				runtime.Gosched()
			}
			late := i%3 == 0 // the next message comes when the read is over already
			if !late {
				toWrite <- message
			}
			lead.wait()
			check(t, c.SetReadDeadline(past))
			r := <-background
			check(t, c.SetReadDeadline(never))
			if r.err != nil && (r.n != 0 || !isTimeout(r.err)) {
				t.Fatalf("background Read = %d, %v", r.n, r.err)
			}
			if late {
				toWrite <- message
			} else {
				lead.steer(r.n > 0)
			}
			caught += r.n
			got := append([]byte(nil), first[:r.n]...)
			got = append(got, make([]byte, len(message)-r.n)...)
			if n, err := io.ReadFull(c, got[r.n:]); err != nil || !bytes.Equal(got, message) {
				t.Fatalf("round %d: after a background read of %d, read %d of %d, %v, content right: %v",
					i, r.n, n, len(message), err, bytes.Equal(got, message))
			}
			check(t, <-wrote)
		}
		t.Logf("the background read caught %d bytes", caught)
	})
}
