package compat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

// The tests in this file stand for those that stdsuite/expected.txt excuses: the standard library's
// test looks into package net's unexported parts, these look at what a program can see of the same
// behaviour.

// connect returns a connection on uringnet: the end that dialed and the one that was accepted.
func connect(t *testing.T, network string) (dialed, accepted net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network != "tcp" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := uringnet.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if dialed, err = uringnet.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if accepted, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dialed.Close()
		accepted.Close()
	})
	return dialed, accepted
}

// collect reads c to its end in the background.
func collect(c net.Conn) <-chan []byte {
	done := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(c)
		done <- all
	}()
	return done
}

func testData(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

// TestEndlessWrite: a write that nobody reads waits; it does not spin (net's TestEndlessWrite).
func TestEndlessWrite(t *testing.T) {
	c, peer := connect(t, "tcp")
	if err := peer.(*uringnet.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	const wait = 200 * time.Millisecond
	big := make([]byte, 8<<20)
	for _, what := range []string{"fill the buffers", "wait"} {
		before := cpuTime(t)
		c.SetWriteDeadline(time.Now().Add(wait))
		if n, err := c.Write(big); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("%s: Write = %d, %v; want a timeout", what, n, err)
		}
		if used := cpuTime(t) - before; what == "wait" && used > wait/2 {
			t.Errorf("a write blocked for %v used %v of CPU time", wait, used)
		}
	}
}

func cpuTime(t *testing.T) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// TestBuffers: net.Buffers arrive whole, whichever way they are written (net's
// TestBuffers_WriteTo).
func TestBuffers(t *testing.T) {
	for _, chunks := range []int{0, 1, 10, 1023, 1024, 1025} {
		for _, useCopy := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d,copy=%v", chunks, useCopy), func(t *testing.T) {
				c, peer := connect(t, "tcp")
				arrived := collect(peer)
				want := testData(chunks)
				var buffers net.Buffers
				for i := range want {
					buffers = append(buffers, want[i:i+1])
				}
				var n int64
				var err error
				if useCopy {
					n, err = io.Copy(c, &buffers)
				} else {
					n, err = buffers.WriteTo(c)
				}
				c.Close()
				if err != nil || n != int64(chunks) || len(buffers) != 0 {
					t.Errorf("wrote %d, %v, %d buffers left; want %d, nil, 0", n, err, len(buffers), chunks)
				}
				if got := <-arrived; !bytes.Equal(got, want) {
					t.Errorf("%d bytes arrived, or others; want %d", len(got), len(want))
				}
			})
		}
	}
}

// TestSplice: copying from connection to connection (net's TestSplice).
func TestSplice(t *testing.T) {
	const size = 3 << 20
	for _, networks := range [][2]string{{"tcp", "tcp"}, {"unix", "tcp"}, {"tcp", "unix"}, {"unix", "unix"}} {
		for _, limit := range []int64{0, size / 2, size, size + 100} {
			t.Run(fmt.Sprintf("%s to %s,limit=%d", networks[0], networks[1], limit), func(t *testing.T) {
				source, from := connect(t, networks[0])
				to, sink := connect(t, networks[1])
				arrived := collect(sink)
				data := testData(size)
				want := data
				go func() {
					source.Write(data)
					source.Close()
				}()
				var r io.Reader = from
				if limit > 0 {
					r = io.LimitReader(from, limit)
					want = want[:min(limit, size)]
				}
				n, err := io.Copy(to, r)
				to.Close()
				if got := <-arrived; err != nil || n != int64(len(want)) || !bytes.Equal(got, want) {
					t.Errorf("Copy = %d, %v and %d bytes arrived; want %d", n, err, len(got), len(want))
				}
				if lr, ok := r.(*io.LimitedReader); ok && lr.N != limit-int64(len(want)) {
					t.Errorf("the reader's limit is %d afterwards, want %d", lr.N, limit-int64(len(want)))
				}
			})
		}
	}
}

// TestSendfile: copying from a file (net's TestSendfile and its variants). The file's offset moves
// by what was sent.
func TestSendfile(t *testing.T) {
	content := testData(5 << 20)
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o666); err != nil {
		t.Fatal(err)
	}
	size := int64(len(content))
	tests := map[string]struct{ seek, limit int64 }{
		"whole": {0, 0}, "seeked": {3000, 0}, "exact limit": {0, size}, "larger limit": {0, size + 1}, "part": {100, 70000},
	}
	for what, tt := range tests {
		t.Run(what, func(t *testing.T) {
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.Seek(tt.seek, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			want := content[tt.seek:]
			var r io.Reader = f
			if tt.limit > 0 {
				r = io.LimitReader(f, tt.limit)
				want = want[:min(tt.limit, int64(len(want)))]
			}
			c, peer := connect(t, "tcp")
			arrived := collect(peer)
			n, err := io.Copy(c, r)
			c.Close()
			if got := <-arrived; err != nil || n != int64(len(want)) || !bytes.Equal(got, want) {
				t.Errorf("Copy = %d, %v and %d bytes arrived; want %d", n, err, len(got), len(want))
			}
			if at, _ := f.Seek(0, io.SeekCurrent); at != tt.seek+int64(len(want)) {
				t.Errorf("the file's offset is %d afterwards, want %d", at, tt.seek+int64(len(want)))
			}
		})
	}
}

// TestDialCanceledWhileConnecting: a context that ends before Dial returns makes it fail, even
// if the connection is made (net's TestDialContextCancelRace).
func TestDialCanceledWhileConnecting(t *testing.T) {
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 100 {
		ctx, cancel := context.WithCancel(context.Background())
		d := uringnet.Dialer{Control: func(_, _ string, _ syscall.RawConn) error {
			cancel() // the next thing is connect
			return nil
		}}
		c, err := d.DialContext(ctx, "tcp", l.Addr().String())
		if err == nil {
			c.Close()
			t.Fatal("Dial succeeded although its context had ended")
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Dial: %v, want context.Canceled", err)
		}
	}
}

// TestListenerKeepAlive: accepted connections get the listener's keep-alive configuration, as they
// do from net (net's TestTCPConnKeepAliveConfigListener).
func TestListenerKeepAlive(t *testing.T) {
	configs := []net.ListenConfig{
		{},
		{KeepAlive: -1},
		{KeepAlive: 7 * time.Second},
		{KeepAliveConfig: net.KeepAliveConfig{Enable: true}},
		{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 3 * time.Second, Count: 10}},
		{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: -1, Interval: 3 * time.Second, Count: -1}},
		{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: -1, Count: 10}},
		{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: -1, Interval: -1, Count: -1}},
	}
	for i, lc := range configs {
		want := acceptedKeepAlive(t, &lc)
		if got := acceptedKeepAlive(t, (*uringnet.ListenConfig)(&lc)); got != want {
			t.Errorf("config %d: keepalive, idle, interval, count = %v, want %v", i, got, want)
		}
	}
}

func acceptedKeepAlive(t *testing.T, lc interface {
	Listen(context.Context, string, string) (net.Listener, error)
}) (options [4]int) {
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rc, err := s.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = rc.Control(func(fd uintptr) {
		options[0], _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_KEEPALIVE)
		for i, name := range []int{syscall.TCP_KEEPIDLE, syscall.TCP_KEEPINTVL, syscall.TCP_KEEPCNT} {
			options[1+i], _ = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return options
}
