package apitest

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

var errUnexpectedData = errors.New("unexpected data")

// checkConn is how go-redis and the MySQL driver ask whether a connection from their pool is still
// alive: one byte, without waiting. Nil means alive, with nothing to read.
func checkConn(t *testing.T, c syscall.Conn, peek bool) error {
	t.Helper()
	raw, err := c.SyscallConn()
	check(t, err)
	var outcome error
	check(t, raw.Read(func(fd uintptr) bool {
		var b [1]byte
		var n int
		var err error
		if peek {
			n, _, err = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		} else {
			n, err = unix.Read(int(fd), b[:])
		}
		switch {
		case n == 0 && err == nil:
			outcome = io.EOF
		case n > 0:
			outcome = errUnexpectedData
		case err == unix.EAGAIN || err == unix.EWOULDBLOCK:
			outcome = nil
		default:
			outcome = err
		}
		return true
	}))
	return outcome
}

// TestConnCheck does so on a fresh connection, after a Read that timed out and may have left a
// receive armed, and after traffic.
func TestConnCheck(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		for _, peek := range []bool{true, false} {
			for _, before := range []func(){
				func() {},
				func() {
					check(t, c.SetReadDeadline(soon()))
					mustTimeOut(t, result(c.Read(make([]byte, 64))))
					check(t, c.SetReadDeadline(never))
				},
				func() {
					mustWrite(t, peer, "ping")
					mustRead(t, c, "ping")
				},
			} {
				before()
				for range 2 {
					if err := checkConn(t, c, peek); err != nil {
						t.Fatalf("a live connection: %v", err)
					}
				}
			}
		}
		// The connection works on; then it ends.
		mustWrite(t, peer, "ping")
		mustRead(t, c, "ping")
		check(t, c.SetReadDeadline(soon()))
		mustTimeOut(t, result(c.Read(make([]byte, 64))))
		check(t, c.SetReadDeadline(never))
		check(t, peer.Close())
		for _, peek := range []bool{true, false} {
			var err error
			eventually(t, "the check to notice the end", func() bool {
				err = checkConn(t, c, peek)
				return err != nil
			})
			if err != io.EOF {
				t.Fatalf("a dead connection: %v", err)
			}
		}
		mustEOF(t, c)
	})
}

// TestConnCheckSeesData: bytes that nobody asked for make a connection unusable, so the check must
// see them, also when they came after a Read that timed out. A peek takes nothing away.
func TestConnCheckSeesData(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		for range 3 {
			check(t, c.SetReadDeadline(soon()))
			mustTimeOut(t, result(c.Read(make([]byte, 64))))
			check(t, c.SetReadDeadline(never))
			mustWrite(t, peer, "late answer")
			var err error
			eventually(t, "the check to see the data", func() bool {
				err = checkConn(t, c, true)
				return err != nil
			})
			if err != errUnexpectedData {
				t.Fatal(err)
			}
			mustRead(t, c, "late answer")
		}
	})
}

// TestRawRead waits for data, as a program does that brings its own recvmsg.
func TestRawRead(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		raw, err := c.SyscallConn()
		check(t, err)
		buf := make([]byte, 16)
		read := func() ioResult {
			n := 0
			var rerr error
			err := raw.Read(func(fd uintptr) bool {
				n, rerr = unix.Read(int(fd), buf)
				return rerr != unix.EAGAIN
			})
			if err == nil {
				err = rerr
			}
			return ioResult{max(n, 0), err}
		}
		for range 3 {
			blocked := parked(t, read)
			mustWrite(t, peer, "data")
			if r := <-blocked; r.n != 4 || r.err != nil || string(buf[:4]) != "data" {
				t.Fatalf("read %d, %v", r.n, r.err)
			}
			mustWrite(t, peer, "data") // and nothing of the next one has been taken
			mustRead(t, c, "data")
			check(t, c.SetReadDeadline(soon()))
			mustTimeOut(t, read())
			check(t, c.SetReadDeadline(never))
		}
		blocked := parked(t, read)
		check(t, c.SetReadDeadline(past))
		mustTimeOut(t, <-blocked)
		check(t, c.SetReadDeadline(never))
		blocked = parked(t, read)
		check(t, c.Close())
		mustBeClosed(t, "raw Read", (<-blocked).err)
	})
}

// TestRawWrite waits for room.
func TestRawWrite(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		smallBuffers(t, c, peer)
		raw, err := c.SyscallConn()
		check(t, err)
		data := make([]byte, 1<<20)
		pattern(14).Read(data)
		sent := 0
		write := func() ioResult {
			var werr error
			err := raw.Write(func(fd uintptr) bool {
				for sent < len(data) {
					var n int
					n, werr = unix.SendmsgN(int(fd), data[sent:], nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
					if werr != nil {
						return werr != unix.EAGAIN
					}
					sent += n
				}
				return true
			})
			return ioResult{0, err}
		}
		check(t, c.SetWriteDeadline(soon()))
		mustTimeOut(t, write())
		check(t, c.SetWriteDeadline(never))
		blocked := parked(t, write)
		received := make(chan error, 1)
		go func() {
			got := make([]byte, len(data))
			_, err := io.ReadFull(peer, got)
			if err == nil && string(got) != string(data) {
				err = errors.New("wrong data")
			}
			received <- err
		}()
		check(t, (<-blocked).err)
		check(t, <-received)
	})
}

func TestRawControl(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		raw, err := c.SyscallConn()
		check(t, err)
		// Control waits for nobody
		blocked := parked(t, func() ioResult { return result(c.Read(make([]byte, 4))) })
		check(t, raw.Control(func(fd uintptr) {
			sa, err := unix.Getsockname(int(fd))
			if err != nil {
				t.Errorf("getsockname: %v", err)
			}
			if in, ok := sa.(*unix.SockaddrInet4); ok && in.Port != c.LocalAddr().(*net.TCPAddr).Port {
				t.Errorf("port %d, want that of %v", in.Port, c.LocalAddr())
			}
		}))
		mustWrite(t, peer, "data")
		if r := <-blocked; r.n != 4 || r.err != nil {
			t.Fatalf("Read = %d, %v", r.n, r.err)
		}
	})
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network+"/listener", func(t *testing.T) {
			begin(t)
			l := listen(t, onRing, network)
			raw, err := l.(syscall.Conn).SyscallConn()
			check(t, err)
			check(t, raw.Control(func(fd uintptr) {
				if v, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ACCEPTCONN); v != 1 || err != nil {
					t.Errorf("SO_ACCEPTCONN = %d, %v", v, err)
				}
			}))
			// As in package net, waiting is not for listeners.
			nraw, err := listen(t, onNet, network).(syscall.Conn).SyscallConn()
			check(t, err)
			yes := func(uintptr) bool { return true }
			mustBeLike(t, "Read of a listener", raw.Read(yes), nraw.Read(yes))
			mustBeLike(t, "Write of a listener", raw.Write(yes), nraw.Write(yes))
		})
	}
}
