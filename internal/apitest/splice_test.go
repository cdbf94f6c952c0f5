package apitest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"syscall"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/testutil"
)

// relay is what a proxy has: bytes that client writes come in, and what goes out arrives at sink.
type relay struct {
	client, in, out, sink stream
}

// newRelay has the proxy's sockets made by m, and the others by package net.
func newRelay(t *testing.T, m maker, from, to string) relay {
	t.Helper()
	var r relay
	r.in, r.client = connect(t, listen(t, m, from), onNet)
	r.sink, r.out = connect(t, listen(t, onNet, to), m)
	return r
}

// eachRelay runs f for all pairs of networks that are spliced.
func eachRelay(t *testing.T, f func(t *testing.T, from, to string)) {
	for _, networks := range [][2]string{{"tcp", "tcp"}, {"unix", "tcp"}, {"tcp", "unix"}} {
		t.Run(networks[0]+" to "+networks[1], func(t *testing.T) {
			begin(t)
			f(t, networks[0], networks[1])
		})
	}
}

// Much and little in turn, in copies that are limited and one that is not: each byte arrives once,
// and in order.
func TestSpliceIsExact(t *testing.T) {
	eachRelay(t, func(t *testing.T, from, to string) {
		r := newRelay(t, onRing, from, to)
		content := make([]byte, size(16<<20, 4<<20))
		pattern(23).Read(content)
		all := readAll(r.sink)
		go func() {
			random := rand.New(rand.NewPCG(1, 2))
			for rest := content; len(rest) > 0; {
				n := 1 + random.IntN(100)
				if random.IntN(3) == 0 {
					n = 1 + random.IntN(300<<10)
				}
				n = min(n, len(rest))
				r.client.Write(rest[:n])
				rest = rest[n:]
			}
			r.client.CloseWrite()
		}()
		copied := int64(0)
		for _, limit := range []int64{1, 100, 64 << 10, 1 << 20, 1<<20 + 1, 12345} {
			limited := &io.LimitedReader{R: r.in, N: limit}
			n, err := io.Copy(r.out, limited)
			if n != limit || err != nil || limited.N != 0 {
				t.Fatalf("Copy limited to %d = %d, %v; %d are left", limit, n, err, limited.N)
			}
			copied += n
		}
		n, err := io.Copy(r.out, r.in)
		if copied += n; copied != int64(len(content)) || err != nil {
			t.Errorf("%d bytes are copied, want %d; %v", copied, len(content), err)
		}
		check(t, r.out.CloseWrite())
		if got := <-all; !bytes.Equal(got, content) {
			t.Errorf("%d bytes arrive, want %d; or their content is wrong", len(got), len(content))
		}
	})
}

// What a short Read that was interrupted has left armed comes before what is spliced.
func TestSpliceAfterInterruptedRead(t *testing.T) {
	eachRelay(t, func(t *testing.T, from, to string) {
		r := newRelay(t, onRing, from, to)
		content := make([]byte, 1<<20)
		pattern(24).Read(content)
		read := parked(t, func() error { _, err := r.in.Read(make([]byte, 1)); return err })
		check(t, r.in.SetReadDeadline(past))
		if err := <-read; !isTimeout(err) {
			t.Fatal(err)
		}
		check(t, r.in.SetReadDeadline(time.Time{}))
		all := readAll(r.sink)
		go func() {
			r.client.Write(content)
			r.client.CloseWrite()
		}()
		if n, err := io.Copy(r.out, r.in); n != int64(len(content)) || err != nil {
			t.Errorf("Copy = %d, %v", n, err)
		}
		check(t, r.out.CloseWrite())
		if got := <-all; !bytes.Equal(got, content) {
			t.Errorf("%d bytes arrive, want %d; or their content is wrong", len(got), len(content))
		}
	})
}

// interruption ends a copy from the socket in of a relay to its socket out.
type interruption struct {
	name string
	// onlyTCP: Linux does not tell who waits for room in a Unix socket that it is shut down. Package
	// net hangs, too.
	onlyTCP bool
	// full: the sink reads nothing, and the copy waits for it. Otherwise it waits for more to come.
	full    bool
	instead func(r relay)
}

var interruptions = []interruption{
	{"deadline of the reader", false, false, func(r relay) { r.in.SetReadDeadline(past) }},
	{"close of the reader", false, false, func(r relay) { r.in.Close() }},
	{"shutdown of the reader", false, false, func(r relay) { r.in.CloseRead() }},
	{"deadline of the writer", false, true, func(r relay) { r.out.SetWriteDeadline(past) }},
	{"close of the writer", false, true, func(r relay) { r.out.Close() }},
	{"shutdown of the writer", true, true, func(r relay) { r.out.CloseWrite() }},
}

// Interruptions of either side end a copy as they end one of package net, in the same words.
func TestSpliceIsInterruptedAsInNet(t *testing.T) {
	much := make([]byte, 8<<20)
	addresses := regexp.MustCompile(`127\.0\.0\.1:\d+|\[::1\]:\d+|/\S*/s\b|@`)
	for _, tc := range interruptions {
		t.Run(tc.name, func(t *testing.T) {
			eachRelay(t, func(t *testing.T, from, to string) {
				if tc.onlyTCP && to == "unix" {
					return
				}
				outcome := func(m maker) string {
					r := newRelay(t, m, from, to)
					written := make(chan struct{})
					drained := make(chan struct{})
					if tc.full {
						check(t, r.out.SetWriteBuffer(64<<10))
						check(t, r.sink.SetReadBuffer(64<<10))
						close(drained)
					} else {
						go func() {
							io.CopyN(io.Discard, r.sink, int64(len(much)))
							close(drained)
						}()
					}
					go func() {
						r.client.Write(much)
						close(written)
					}()
					g, copying := testutil.Go(func() error {
						_, err := io.Copy(r.out, r.in)
						return err
					})
					<-drained
					if !tc.full {
						<-written
					}
					eventually(t, "the copy to wait", func() bool { return testutil.IsParked(g) })
					tc.instead(r)
					err := <-copying
					r.in.Close()
					r.client.Close()
					<-written
					if err == nil {
						return "nil"
					}
					return addresses.ReplaceAllString(err.Error(), "ADDR")
				}
				if got, want := outcome(onRing), outcome(onNet); got != want {
					t.Errorf("uringnet says %s\nnet says      %s", got, want)
				}
			})
		})
	}
}

// A sink that is gone ends a copy.
func TestSpliceToNobody(t *testing.T) {
	eachRelay(t, func(t *testing.T, from, to string) {
		r := newRelay(t, onRing, from, to)
		go func() {
			for b := make([]byte, 256<<10); ; {
				if _, err := r.client.Write(b); err != nil {
					return
				}
			}
		}()
		copying := make(chan error, 1)
		go func() {
			_, err := io.Copy(r.out, r.in)
			copying <- err
		}()
		io.CopyN(io.Discard, r.sink, 4<<20)
		r.sink.Close()
		if err := <-copying; !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("Copy = %v", err)
		}
	})
}
