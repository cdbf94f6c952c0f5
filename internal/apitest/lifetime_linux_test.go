package apitest

import (
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/testutil"
)

// The error of an I/O that Close breaks off names both ends, also where nobody had asked for the
// addresses before.
func TestClosedErrorNamesBothEnds(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	for range size(1000, 100) {
		d, c := dialAccept(t, l)
		read := make(chan error, 1)
		go func() {
			_, err := c.Read(make([]byte, 100))
			read <- err
		}()
		runtime.Gosched()
		check(t, c.Close())
		if err := <-read; !strings.Contains(err.Error(), "->") {
			t.Fatal(err)
		}
		check(t, d.Close())
	}
}

func collect() {
	for range 5 {
		runtime.GC()
		<-time.After(2 * time.Millisecond)
	}
}

// TestRawConnKeepsSocket: a connection of which only its RawConn is left stays open.
func TestRawConnKeepsSocket(t *testing.T) {
	begin(t)
	l := listen(t, onNet, "tcp")
	raw := dropDialedButRaw(t, l)
	collect()
	check(t, raw.Control(func(uintptr) {}))
	runtime.KeepAlive(raw)
	raw = nil
	collect()
}

//go:noinline
func dropDialedButRaw(t *testing.T, l net.Listener) syscall.RawConn {
	c, err := onRing.dial("tcp", l.Addr().String())
	check(t, err)
	raw, err := c.(syscall.Conn).SyscallConn()
	check(t, err)
	return raw
}

// TestCopyKeepsBothEnds: a connection that is being copied from, or to, stays open, though nothing
// else refers to it.
func TestCopyKeepsBothEnds(t *testing.T) {
	for _, to := range []bool{true, false} {
		begin(t)
		client, server := pair(t, "tcp")
		l := listen(t, onNet, "tcp")
		done := make(chan error, 1)
		go func() {
			d, err := onRing.dial("tcp", l.Addr().String())
			if err == nil && to {
				_, err = server.(io.WriterTo).WriteTo(d)
			} else if err == nil {
				_, err = server.(io.ReaderFrom).ReadFrom(d)
			}
			done <- err
		}()
		peer, err := l.Accept()
		check(t, err)
		collect()
		from, at := net.Conn(client), peer
		if !to {
			from, at = peer, client
		}
		mustWrite(t, from, "hello")
		check(t, at.SetReadDeadline(time.Now().Add(testutil.Patience)))
		mustRead(t, at, "hello")
		check(t, from.Close())
		check(t, <-done)
		peer.Close()
		collect()
	}
}

// io.Copy of a file goes by sendfile(2), too: it allocates no buffer.
func TestCopyOfFileNeedsNoBuffer(t *testing.T) {
	begin(t)
	f, content := tempFile(t, 1<<20)
	a, d := tcpPair(t)
	buf := make([]byte, 1<<16)
	read := make(chan int, 1)
	go func() {
		got := 0
		for got < len(content) {
			n, err := a.Read(buf)
			if err != nil {
				break
			}
			got += n
		}
		read <- got
	}()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := io.Copy(d, f)
	got := <-read
	runtime.ReadMemStats(&after)
	if n != int64(len(content)) || err != nil || got != len(content) {
		t.Errorf("io.Copy = %d, %v, %d arrive", n, err, got)
	}
	if b := after.TotalAlloc - before.TotalAlloc; b > 24<<10 {
		t.Errorf("%d bytes were allocated: io.Copy went through a buffer", b)
	}
}

// TestListenerDuplicatedByControl: whoever duplicates a listener's descriptor by RawConn.Control,
// as cloudflare/tableflip does, finds the connections that come from then on.
func TestListenerDuplicatedByControl(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	connect(t, l, onNet) // an Accept has run
	raw, err := l.(syscall.Conn).SyscallConn()
	check(t, err)
	dup := -1
	check(t, raw.Control(func(fd uintptr) { dup, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }))
	check(t, err)
	f := os.NewFile(uintptr(dup), "")
	heir, err := net.FileListener(f)
	check(t, err)
	check(t, f.Close())
	defer heir.Close()
	c := dialTo(t, l.Addr().String())
	defer c.Close()
	check(t, heir.(*net.TCPListener).SetDeadline(time.Now().Add(testutil.Patience)))
	a, err := heir.Accept()
	check(t, err)
	check(t, a.Close())
}
