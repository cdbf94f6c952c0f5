package apitest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// TestUnreachableConnIsClosed drops connections without closing them. The garbage collector closes
// them, as it does those of package net; nothing that the rings keep may hold them back.
func TestUnreachableConnIsClosed(t *testing.T) {
	for _, tc := range []struct {
		name string
		use  func(t *testing.T, c, peer net.Conn)
	}{
		{"unused", func(*testing.T, net.Conn, net.Conn) {}},
		{"used", func(t *testing.T, c, peer net.Conn) {
			mustWrite(t, peer, "ping")
			mustRead(t, c, "ping")
			mustWrite(t, c, "pong")
			mustRead(t, peer, "pong")
		}},
		{"timed out", func(t *testing.T, c, peer net.Conn) { // which may have left a receive armed
			check(t, c.SetReadDeadline(soon()))
			mustTimeOut(t, result(c.Read(make([]byte, 1))))
		}},
		{"deadline to come", func(t *testing.T, c, peer net.Conn) {
			check(t, c.SetDeadline(future()))
			mustWrite(t, peer, "ping")
			mustRead(t, c, "ping")
		}},
	} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(tc.name+"/"+network, func(t *testing.T) {
				begin(t)
				l := listen(t, onNet, network)
				peer := dropDialed(t, l, tc.use)
				collectUntil(t, peer)
				l = listen(t, onRing, network)
				peer = dropAccepted(t, l, tc.use)
				collectUntil(t, peer)
			})
		}
	}
}

// dropDialed and dropAccepted return the peer of a connection that nothing refers to any more. They
// are not inlined, so that no variable of the test keeps it.
//
//go:noinline
func dropDialed(t *testing.T, l net.Listener, use func(t *testing.T, c, peer net.Conn)) net.Conn {
	c, err := onRing.dial(l.Addr().Network(), l.Addr().String())
	check(t, err)
	peer, err := l.Accept()
	check(t, err)
	t.Cleanup(func() { peer.Close() })
	use(t, c, peer)
	return peer
}

//go:noinline
func dropAccepted(t *testing.T, l net.Listener, use func(t *testing.T, c, peer net.Conn)) net.Conn {
	peer, err := onNet.dial(l.Addr().Network(), l.Addr().String())
	check(t, err)
	t.Cleanup(func() { peer.Close() })
	c, err := l.Accept()
	check(t, err)
	use(t, c, peer)
	return peer
}

// collectUntil collects garbage until the peer sees the end of the connection.
func collectUntil(t *testing.T, peer net.Conn) {
	t.Helper()
	ended := make(chan ioResult, 1)
	go func() { ended <- result(peer.Read(make([]byte, 1))) }()
	eventually(t, "an unreachable connection to be closed", func() bool {
		runtime.GC()
		return len(ended) > 0
	})
	if r := <-ended; r.n != 0 || r.err != io.EOF {
		t.Errorf("the peer reads %d, %v", r.n, r.err)
	}
}

// TestUnreachableListenerIsClosed does the same with a listener, on which an Accept may have armed
// something.
func TestUnreachableListenerIsClosed(t *testing.T) {
	begin(t)
	for _, accept := range []bool{false, true} {
		address := dropListener(t, accept)
		eventually(t, "an unreachable listener to be closed", func() bool {
			runtime.GC()
			return refused(address)
		})
	}
}

//go:noinline
func dropListener(t *testing.T, accept bool) string {
	l, err := onRing.listen("tcp", "127.0.0.1:0")
	check(t, err)
	if accept {
		c, err := onNet.dial("tcp", l.Addr().String())
		check(t, err)
		defer c.Close()
		a, err := l.Accept()
		check(t, err)
		defer a.Close()
	}
	return l.Addr().String()
}

// TestGCUnderIO runs in a child, where the collector runs all the time and overwrites what it
// frees: memory that the kernel still owns would be reused under it.
func TestGCUnderIO(t *testing.T) {
	begin(t)
	child(t, "gc", "GOGC=1", "GODEBUG=clobberfree=1", roundsEnv+"="+strconv.Itoa(size(400, 50)))
}

const roundsEnv = "URINGNET_TEST_ROUNDS"

func init() { children["gc"] = gcChild }

func gcChild() error {
	rounds, err := strconv.Atoi(os.Getenv(roundsEnv))
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC() // shrinks the stacks of goroutines that are blocked
			}
		}
	}()
	l, err := onRing.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	const conns = 8
	errs := make(chan error, 2*conns)
	for i := range conns {
		d, err := onRing.dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		a, err := l.Accept()
		if err != nil {
			return err
		}
		go func() { errs <- gcEcho(a) }()
		go func() { errs <- gcClient(d, byte(i), rounds) }()
	}
	for range 2 * conns {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}

// gcEcho reads into, and writes from, memory that nothing else refers to.
func gcEcho(c net.Conn) error {
	defer c.Close()
	for {
		b := make([]byte, 300)
		n, err := c.Read(b)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := c.Write(append([]byte(nil), b[:n]...)); err != nil {
			return err
		}
	}
}

// gcClient calls from varying depths of a stack that grows and is shrunk.
func gcClient(c net.Conn, seed byte, rounds int) error {
	defer c.Close()
	for i := range rounds {
		if err := deep(i%40, func() error { return guarded(c, seed+byte(i)) }); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
		// a receive that is given up
		if err := c.SetReadDeadline(time.Now().Add(50 * time.Microsecond)); err != nil {
			return err
		}
		if n, err := c.Read(make([]byte, 200)); n != 0 || !isTimeout(err) {
			return fmt.Errorf("round %d: Read = %d, %w", i, n, err)
		}
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// deep calls f below n frames of 1 KiB each.
//
//go:noinline
func deep(n int, f func() error) error {
	var pad [1024]byte
	pad[n] = byte(n)
	if n == 0 {
		return f()
	}
	err := deep(n-1, f)
	if pad[n] != byte(n) {
		return errors.New("the stack is damaged")
	}
	return err
}

// guarded sends and receives through the middle of an array that is local here, as far as escape
// analysis lets it be.
func guarded(c net.Conn, b byte) error {
	var v struct{ before, data, after [64]byte }
	fill := func(p []byte, b byte) {
		for i := range p {
			p[i] = b
		}
	}
	fill(v.before[:], ^b)
	fill(v.data[:], b)
	fill(v.after[:], ^b)
	if _, err := c.Write(v.data[:]); err != nil {
		return err
	}
	fill(v.data[:], 0)
	if _, err := io.ReadFull(c, v.data[:]); err != nil {
		return err
	}
	if bytes.Count(v.data[:], []byte{b}) != 64 {
		return errors.New("wrong data")
	}
	if bytes.Count(v.before[:], []byte{^b}) != 64 || bytes.Count(v.after[:], []byte{^b}) != 64 {
		return errors.New("a canary is dead")
	}
	return nil
}
