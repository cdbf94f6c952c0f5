package apitest

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/testutil"
)

// hang is how long a test may take. No test is decided by it: it only ends a run that would never
// end.
const hang = 2 * time.Minute

// slow asks for the sizes that take minutes. It is asked during the tests, where the go command
// notes it: the result of a quick run is not shown again for a slow one.
func slow() bool { return os.Getenv("URINGNET_SLOW") != "" }

// size chooses how much a test does. The race detector makes everything about ten times slower.
func size(full, short int) int {
	if testing.Short() || testutil.RaceEnabled {
		return short
	}
	return full
}

// begin watches over a test: it must end, and leave no goroutine, file descriptor or operation
// behind. Such tests cannot run in parallel with others.
func begin(t *testing.T) {
	t.Helper()
	before := takeSnapshot()
	limit := hang
	if slow() {
		limit *= 5
	}
	guard := time.AfterFunc(limit, func() {
		fmt.Fprintf(os.Stderr, "FAIL: %s hangs\n%s", t.Name(), dump())
		os.Exit(2)
	})
	t.Cleanup(func() {
		if left := before.settle(); left != "" {
			t.Errorf("left behind:\n%s", left)
		}
		guard.Stop()
	})
}

// eventually waits until cond holds, or fails the test with everything that is known of the
// process.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	if !testutil.Poll(cond) {
		t.Fatalf("waited %v: %s\n%s", testutil.Patience, what, dump())
	}
}

// ioResult is what a Read or a Write answered.
type ioResult struct {
	n   int
	err error
}

func result(n int, err error) ioResult { return ioResult{n, err} }

// parked runs f in a goroutine of its own and returns when that goroutine is blocked in it, or f is
// over.
func parked[T any](t testing.TB, f func() T) <-chan T {
	t.Helper()
	g, done := testutil.Go(f)
	eventually(t, "goroutine "+g+" to block", func() bool { return len(done) > 0 || testutil.IsParked(g) })
	return done
}

// stream is what the connection types of both packages have in common.
type stream interface {
	net.Conn
	syscall.Conn
	CloseRead() error
	CloseWrite() error
	File() (*os.File, error)
	SetReadBuffer(bytes int) error
	SetWriteBuffer(bytes int) error
}

// maker makes sockets of one of the two packages.
type maker struct {
	name   string
	listen func(network, address string) (net.Listener, error)
	dial   func(network, address string) (net.Conn, error)
}

var (
	onRing = maker{"uringnet", uringnet.Listen, uringnet.Dial}
	onNet  = maker{"net", net.Listen, net.Dial}
)

// anyAddress is an address of the network that is free.
func anyAddress(t testing.TB, network string) string {
	t.Helper()
	switch network {
	case "tcp6":
		return "[::1]:0"
	case "tcp", "tcp4":
		return "127.0.0.1:0"
	}
	dir, err := os.MkdirTemp("", "u") // t.TempDir is too long for a socket's address
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// listen listens on any free address, until the end of the test.
func listen(t testing.TB, m maker, network string) net.Listener {
	t.Helper()
	l, err := m.listen(network, anyAddress(t, network))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// connect dials l and accepts the connection. Both ends are closed at the end of the test at the
// latest.
func connect(t testing.TB, l net.Listener, m maker) (accepted, dialed stream) {
	t.Helper()
	d, err := m.dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a.(stream), d.(stream)
}

// pair is a connection that has uringnet on both ends.
func pair(t testing.TB, network string) (accepted, dialed stream) {
	t.Helper()
	return connect(t, listen(t, onRing, network), onRing)
}

func tcpPair(t testing.TB) (accepted, dialed *uringnet.TCPConn) {
	t.Helper()
	a, d := pair(t, "tcp")
	return a.(*uringnet.TCPConn), d.(*uringnet.TCPConn)
}

func unixPair(t testing.TB, network string) (accepted, dialed *uringnet.UnixConn) {
	t.Helper()
	a, d := pair(t, network)
	return a.(*uringnet.UnixConn), d.(*uringnet.UnixConn)
}

// eachConn runs f on every way to come by a connection of this package. The peer is package net's,
// so that what the subject does wrong is not made up for by the other end.
func eachConn(t *testing.T, f func(t *testing.T, subject, peer stream)) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network+"/accepted", func(t *testing.T) {
			begin(t)
			subject, peer := connect(t, listen(t, onRing, network), onNet)
			f(t, subject, peer)
		})
		t.Run(network+"/dialed", func(t *testing.T) {
			begin(t)
			peer, subject := connect(t, listen(t, onNet, network), onRing)
			f(t, subject, peer)
		})
	}
	t.Run("tcp/takenover", func(t *testing.T) {
		begin(t)
		peer, plain := connect(t, listen(t, onNet, "tcp"), onNet)
		subject, err := uringnet.NewConn(plain)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { subject.Close() })
		f(t, subject.(stream), peer)
	})
}

// mustWrite and mustRead are the steps of a test that are not what it is about.
func mustWrite(t testing.TB, w io.Writer, data string) {
	t.Helper()
	if n, err := io.WriteString(w, data); n != len(data) || err != nil {
		t.Fatalf("Write of %d bytes = %d, %v", len(data), n, err)
	}
}

func mustRead(t testing.TB, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Fatalf("read %q (%d bytes), %v, want %q", got[:n], n, err, want)
	}
}

func mustEOF(t testing.TB, r io.Reader) {
	t.Helper()
	if n, err := r.Read(make([]byte, 64)); n != 0 || err != io.EOF {
		t.Fatalf("Read = %d, %v, want 0, EOF", n, err)
	}
}

// check fails the test for an unexpected error of a step that it is not about.
func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustHaveType(t testing.TB, got, want any) {
	t.Helper()
	if reflect.TypeOf(got) != reflect.TypeOf(want) {
		t.Fatalf("got a %T, want a %T", got, want)
	}
}
