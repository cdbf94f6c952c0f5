package apitest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/testutil"
)

// TestUnixpacketBoundaries: one Read is one packet, whatever the lengths; what does not fit is
// lost.
func TestUnixpacketBoundaries(t *testing.T) {
	begin(t)
	a, d := unixPair(t, "unixpacket")
	lengths := []int{1, 10, 100, 4095, 4096, 4097, 30_000, 100_000, 2}
	go func() {
		for i, n := range lengths {
			d.Write(bytes.Repeat([]byte{byte(i)}, n))
		}
	}()
	buf := make([]byte, 200_000)
	for i, want := range lengths {
		n, err := a.Read(buf)
		if n != want || err != nil || bytes.Count(buf[:n], []byte{byte(i)}) != want {
			t.Fatalf("packet %d: Read = %d, %v, want %d", i, n, err, want)
		}
	}
	mustWrite(t, d, "a long packet")
	mustWrite(t, d, "another one")
	small := make([]byte, 6)
	for _, want := range []string{"a long", "anothe"} {
		if n, err := a.Read(small); err != nil || string(small[:n]) != want {
			t.Fatalf("Read = %q, %v, want %q", small[:n], err, want)
		}
	}
}

// TestUnixpacketTimeoutKeepsBoundaries: a packet that comes after a read timed out is still one
// packet, also for a read that is larger than the one before.
func TestUnixpacketTimeoutKeepsBoundaries(t *testing.T) {
	begin(t)
	a, d := unixPair(t, "unixpacket")
	for _, length := range []int{1, 16, 5000, 60_000} {
		check(t, a.SetReadDeadline(soon()))
		mustTimeOut(t, result(a.Read(make([]byte, 1))))
		check(t, a.SetReadDeadline(never))
		packet := bytes.Repeat([]byte{byte(length)}, length)
		mustWrite(t, d, string(packet))
		mustWrite(t, d, "next")
		buf := make([]byte, 100_000)
		if n, err := a.Read(buf); err != nil || !bytes.Equal(buf[:n], packet) {
			t.Fatalf("Read = %d, %v, want %d", n, err, length)
		}
		if n, err := a.Read(buf); err != nil || string(buf[:n]) != "next" {
			t.Fatalf("Read = %q, %v", buf[:n], err)
		}
	}
}

// TestUnixpacketEmpty compares the treatment of an empty packet with package net's.
func TestUnixpacketEmpty(t *testing.T) {
	begin(t)
	type step struct {
		N   int
		Err string
	}
	var scenes [2][]step
	for i, m := range []maker{onRing, onNet} {
		a, d := connect(t, listen(t, m, "unixpacket"), m)
		r := result(d.Write(nil))
		mustWrite(t, d, "behind it")
		buf := make([]byte, 16)
		for _, r := range []ioResult{r, result(a.Read(buf)), result(a.Read(buf))} {
			scenes[i] = append(scenes[i], step{r.n, shape(r.err)})
		}
	}
	if diff := cmp.Diff(scenes[1], scenes[0]); diff != "" {
		t.Errorf("results (-net +uringnet):\n%s", diff)
	}
}

// An empty packet waits for room as others do, and is not forgotten.
func TestUnixpacketEmptyWaits(t *testing.T) {
	needSockets(t) // package net fails at once, with EAGAIN
	begin(t)
	a, d := unixPair(t, "unixpacket")
	check(t, d.SetWriteBuffer(4096))
	packet := make([]byte, 512)
	sent := 0
	for ; ; sent++ {
		check(t, d.SetWriteDeadline(soon()))
		if _, err := d.Write(packet); err != nil {
			mustTimeOut(t, result(0, err))
			break
		}
	}
	check(t, d.SetWriteDeadline(never))
	empty := parked(t, func() ioResult { return result(d.Write(nil)) })
	if len(empty) > 0 {
		t.Errorf("an empty packet to a full socket: %v", <-empty)
	}
	buf := make([]byte, 1024)
	for range sent {
		if n, err := a.Read(buf); n != len(packet) || err != nil {
			t.Fatal(n, err)
		}
	}
	if r := <-empty; r.err != nil {
		t.Error(r.err)
	}
	mustWrite(t, d, "behind it")
	mustEOF(t, a) // as the empty packet reads
	mustRead(t, a, "behind it")
}

// TestUnixAbstract uses names that are in no file system, given with an @, and chosen by Linux.
func TestUnixAbstract(t *testing.T) {
	begin(t)
	for _, network := range []string{"unix", "unixpacket"} {
		for _, name := range []string{"@uringnet-test-" + testutil.GoroutineID(), ""} {
			l, err := onRing.listen(network, name)
			check(t, err)
			if !strings.HasPrefix(l.Addr().String(), "@") {
				t.Errorf("Addr = %q", l.Addr())
			}
			a, d := connect(t, l, onRing)
			mustWrite(t, a, "ping")
			mustRead(t, d, "ping")
			check(t, l.Close())
			if l, err = onRing.listen(network, l.Addr().String()); err != nil {
				t.Errorf("the name is not free after Close: %v", err)
			} else {
				check(t, l.Close())
			}
		}
	}
}

// TestUnixSocketFile: Close removes the file of a listener that made it, unless it is told not to.
func TestUnixSocketFile(t *testing.T) {
	begin(t)
	exists := func(path string) bool { _, err := os.Lstat(path); return err == nil }
	for name, tc := range map[string]struct {
		listen func(path string) (net.Listener, error)
		keep   bool
	}{
		"Listen":     {func(path string) (net.Listener, error) { return uringnet.Listen("unix", path) }, false},
		"unixpacket": {func(path string) (net.Listener, error) { return uringnet.Listen("unixpacket", path) }, false},
		"ListenUnix": {func(path string) (net.Listener, error) {
			return uringnet.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		}, false},
		"NewListener": {func(path string) (net.Listener, error) {
			l, err := net.Listen("unix", path)
			check(t, err)
			return uringnet.NewListener(l)
		}, false},
		"NewListener told not to": {func(path string) (net.Listener, error) {
			l, err := net.Listen("unix", path)
			check(t, err)
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			return uringnet.NewListener(l)
		}, true},
		"SetUnlinkOnClose": {func(path string) (net.Listener, error) {
			l, err := uringnet.Listen("unix", path)
			check(t, err)
			l.(*uringnet.UnixListener).SetUnlinkOnClose(false)
			return l, nil
		}, true},
		"FileListener": {func(path string) (net.Listener, error) { // the file is not its own
			l, err := net.Listen("unix", path)
			check(t, err)
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			f, err := l.(filer).File()
			check(t, err)
			check(t, l.Close())
			defer f.Close()
			return uringnet.FileListener(f)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			path := anyAddress(t, "unix")
			l, err := tc.listen(path)
			check(t, err)
			if !exists(path) {
				t.Error("no file while listening")
			}
			check(t, l.Close())
			if exists(path) != tc.keep {
				t.Errorf("file there after Close: %v, want %v", exists(path), tc.keep)
			}
			l.Close()
		})
	}
}

// TestUnixReadFrom compares the packet methods on connected sockets with package net's.
func TestUnixReadFrom(t *testing.T) {
	type readerFrom interface {
		ReadFrom(b []byte) (int, net.Addr, error)
		ReadFromUnix(b []byte) (int, *net.UnixAddr, error)
		WriteTo(b []byte, addr net.Addr) (int, error)
		WriteToUnix(b []byte, addr *net.UnixAddr) (int, error)
	}
	for _, network := range []string{"unix", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			var scenes [2][]string
			for i, m := range []maker{onRing, onNet} {
				a, d := connect(t, listen(t, m, network), m)
				note := func(n int, addr net.Addr, err error) {
					scenes[i] = append(scenes[i], shape(err), addrShape(addr), strings.Repeat("x", n))
				}
				buf := make([]byte, 16)
				for _, c := range [][2]stream{{a, d}, {d, a}} {
					mustWrite(t, c[0], "ping")
					note(c[1].(readerFrom).ReadFrom(buf))
					mustWrite(t, c[0], "pong")
					n, addr, err := c[1].(readerFrom).ReadFromUnix(buf)
					if addr == nil {
						note(n, nil, err)
					} else {
						note(n, addr, err)
					}
				}
				to := a.LocalAddr().(*net.UnixAddr)
				n, err := d.(readerFrom).WriteToUnix([]byte("ping"), to)
				note(n, nil, err)
				n, err = d.(readerFrom).WriteTo([]byte("ping"), to)
				note(n, nil, err)
				check(t, d.Close())
				note(a.(readerFrom).ReadFrom(buf))
			}
			if diff := cmp.Diff(scenes[1], scenes[0]); diff != "" {
				t.Errorf("results (-net +uringnet):\n%s", diff)
			}
		})
	}
}

// TestUnixMessageDeadline: the message methods know deadlines and Close as Read does.
func TestUnixMessageDeadline(t *testing.T) {
	begin(t)
	a, d := unixPair(t, "unix")
	read := func() ioResult {
		n, _, _, _, err := a.ReadMsgUnix(make([]byte, 16), nil)
		return ioResult{max(n, 0), err} // package net answers -1 to a call that was blocked
	}
	check(t, a.SetReadDeadline(past))
	mustTimeOut(t, read())
	check(t, a.SetReadDeadline(never))
	blocked := parked(t, read)
	check(t, a.SetReadDeadline(soon()))
	mustTimeOut(t, <-blocked)
	check(t, a.SetReadDeadline(never))
	mustWrite(t, d, "data")
	if r := read(); r.n != 4 || r.err != nil {
		t.Fatalf("ReadMsgUnix = %d, %v", r.n, r.err)
	}
	blocked = parked(t, read)
	check(t, d.CloseWrite())
	if r := <-blocked; r.n != 0 || !errors.Is(r.err, io.EOF) {
		t.Fatalf("ReadMsgUnix = %d, %v", r.n, r.err)
	}
	a2, _ := unixPair(t, "unix")
	blocked = parked(t, func() ioResult {
		n, _, err := a2.ReadFromUnix(make([]byte, 1))
		return ioResult{n, err}
	})
	check(t, a2.Close())
	mustBeClosed(t, "ReadFromUnix", (<-blocked).err)
}
