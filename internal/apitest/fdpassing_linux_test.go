package apitest

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/uringnet/uringnet"
	"golang.org/x/sys/unix"
)

// TestPassFileDescriptors sends pipes along with data, on sockets of both kinds. It works while a
// Read is expected on the same connection, and after one that timed out: a receive that is armed
// must not swallow the descriptors.
func TestPassFileDescriptors(t *testing.T) {
	for _, network := range []string{"unix", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			a, d := unixPair(t, network)
			for i := range 20 {
				if i%2 == 1 {
					check(t, a.SetReadDeadline(soon()))
					mustTimeOut(t, result(a.Read(make([]byte, 1))))
					check(t, a.SetReadDeadline(never))
				}
				passPipes(t, d, a, 1+i%3)
			}
		})
	}
}

// passPipes sends n pipes, and has each of them work at the other end.
func passPipes(t *testing.T, from, to *uringnet.UnixConn, n int) {
	t.Helper()
	var readers []*os.File
	var fds []int
	for i := range n {
		r, w, err := os.Pipe()
		check(t, err)
		defer r.Close()
		readers = append(readers, r)
		_, err = fmt.Fprintf(w, "pipe %d", i)
		check(t, err)
		check(t, w.Close())
		fds = append(fds, int(r.Fd()))
	}
	rights := unix.UnixRights(fds...)
	sent, oobn, err := from.WriteMsgUnix([]byte("take these"), rights, nil)
	if sent != 10 || oobn != len(rights) || err != nil {
		t.Fatalf("WriteMsgUnix = %d, %d, %v", sent, oobn, err)
	}
	for _, r := range readers {
		check(t, r.Close())
	}
	for i, f := range receiveFiles(t, to, "take these", n) {
		got, err := io.ReadAll(f)
		if err != nil || !bytes.Equal(got, fmt.Appendf(nil, "pipe %d", i)) {
			t.Errorf("pipe %d: read %q, %v", i, got, err)
		}
		flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
		check(t, err)
		if flags&unix.FD_CLOEXEC == 0 {
			t.Error("a descriptor that was passed is not close-on-exec")
		}
		check(t, f.Close())
	}
}

// receiveFiles reads one message and the descriptors that come with it.
func receiveFiles(t *testing.T, c *uringnet.UnixConn, message string, n int) []*os.File {
	t.Helper()
	buf, oob := make([]byte, 64), make([]byte, 256)
	bn, oobn, flags, _, err := c.ReadMsgUnix(buf, oob)
	if err != nil || string(buf[:bn]) != message || flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 {
		t.Fatalf("ReadMsgUnix = %q, %d, %#x, %v", buf[:bn], oobn, flags, err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	check(t, err)
	var files []*os.File
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		check(t, err)
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "passed"))
		}
	}
	if len(files) != n {
		t.Fatalf("got %d descriptors, want %d", len(files), n)
	}
	return files
}

// TestPassConn passes a connection of this package, by its File, to be taken over from there.
func TestPassConn(t *testing.T) {
	begin(t)
	a, d := unixPair(t, "unix")
	near, far := tcpPair(t)
	f, err := near.File()
	check(t, err)
	_, _, err = d.WriteMsgUnix([]byte("x"), unix.UnixRights(int(f.Fd())), nil)
	check(t, err)
	check(t, f.Close())
	check(t, near.Close()) // the duplicate keeps the connection open
	passed := receiveFiles(t, a, "x", 1)[0]
	c, err := uringnet.FileConn(passed)
	check(t, err)
	defer c.Close()
	check(t, passed.Close())
	mustHaveType(t, c, &uringnet.TCPConn{})
	mustWrite(t, c, "ping")
	mustRead(t, far, "ping")
	mustWrite(t, far, "pong")
	mustRead(t, c, "pong")
}
