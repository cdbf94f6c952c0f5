package apitest

import (
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A RawConn calls back when something has happened, not whenever there is something.

// fewCalls is how often package net calls a callback that is never satisfied, and one more for each
// event under way.
const fewCalls = 3

// briefly is long enough to call back thousands of times.
func briefly() time.Time { return time.Now().Add(100 * time.Millisecond) }

func eachWorld(t *testing.T, f func(t *testing.T, c, peer stream)) {
	for _, w := range worlds {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(w.name+"/"+network, func(t *testing.T) {
				begin(t)
				c, peer := connect(t, listen(t, w.maker, network), onNet)
				f(t, c, peer)
			})
		}
	}
}

func rawConn(t *testing.T, c syscall.Conn) syscall.RawConn {
	t.Helper()
	raw, err := c.SyscallConn()
	check(t, err)
	return raw
}

// awaitQueued returns when that many bytes can be read from c.
func awaitQueued(t *testing.T, c syscall.Conn, want int) {
	t.Helper()
	raw := rawConn(t, c)
	eventually(t, "data to arrive", func() bool {
		n := 0
		var err error
		check(t, raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.TIOCINQ) }))
		check(t, err)
		return n >= want
	})
}

// peeker is a callback that is satisfied by 100 bytes. It never sees that there is nothing.
type peeker struct {
	raw   syscall.RawConn
	calls int
	err   error
}

func (p *peeker) read() error {
	b := make([]byte, 200)
	return p.raw.Read(func(fd uintptr) bool {
		p.calls++
		n, _, err := unix.Recvfrom(int(fd), b, unix.MSG_PEEK|unix.MSG_DONTWAIT)
		if err != nil {
			p.err = err
		}
		return n >= 100
	})
}

// TestRawReadWantsMore guards that a callback which wants more than there is, is called when more
// comes and not before.
func TestRawReadWantsMore(t *testing.T) {
	eachWorld(t, func(t *testing.T, c, peer stream) {
		p := &peeker{raw: rawConn(t, c)}
		mustWrite(t, peer, "x")
		awaitQueued(t, c, 1)
		check(t, c.SetReadDeadline(briefly()))
		if err := p.read(); !isTimeout(err) {
			t.Fatal(err)
		}
		if p.calls > fewCalls {
			t.Errorf("%d calls until the deadline, want at most %d", p.calls, fewCalls)
		}
		check(t, c.SetReadDeadline(never))
		p.calls = 0
		done := parked(t, p.read)
		mustWrite(t, peer, string(make([]byte, 49)))
		awaitQueued(t, c, 50)
		mustWrite(t, peer, string(make([]byte, 50)))
		check(t, <-done)
		if p.err != nil {
			t.Error("the callback has seen ", p.err)
		}
		if p.calls > fewCalls+2 {
			t.Errorf("%d calls for two arrivals, want at most %d", p.calls, fewCalls+2)
		}
		mustRead(t, c, "x"+string(make([]byte, 99)))
	})
}

// TestRawReadWantsMoreUntilTheEnd guards that the end of the stream, a deadline in the past and
// Close are events, too.
func TestRawReadWantsMoreUntilTheEnd(t *testing.T) {
	eachWorld(t, func(t *testing.T, c, peer stream) {
		raw := rawConn(t, c)
		p := &peeker{raw: raw}
		mustWrite(t, peer, "x")
		awaitQueued(t, c, 1)
		done := parked(t, p.read)
		check(t, c.SetReadDeadline(past))
		if err := <-done; !isTimeout(err) {
			t.Fatal(err)
		}
		check(t, c.SetReadDeadline(never))
		mustRead(t, c, "x")
		took := make(chan bool, 1)
		ended := parked(t, func() error {
			return raw.Read(func(fd uintptr) bool {
				n, err := unix.Read(int(fd), make([]byte, 100))
				if n > 0 {
					took <- true
				}
				return n == 0 && err == nil
			})
		})
		mustWrite(t, peer, "y")
		<-took // what comes before the callback looks is one event
		check(t, peer.CloseWrite())
		check(t, <-ended)
	})
}

// TestRawReadClosed guards that Close ends a callback that wants more than there is.
func TestRawReadClosed(t *testing.T) {
	eachWorld(t, func(t *testing.T, c, peer stream) {
		p := &peeker{raw: rawConn(t, c)}
		mustWrite(t, peer, "x")
		awaitQueued(t, c, 1)
		done := parked(t, p.read)
		check(t, c.Close())
		mustBeClosed(t, "raw Read", <-done)
		if p.calls > fewCalls {
			t.Errorf("%d calls until Close, want at most %d", p.calls, fewCalls)
		}
	})
}

// TestRawWriteToFullSocket guards that a callback which finds no room is called when there is some
// and not before.
func TestRawWriteToFullSocket(t *testing.T) {
	eachWorld(t, func(t *testing.T, c, peer stream) {
		smallBuffers(t, c, peer)
		raw := rawConn(t, c)
		data := make([]byte, 1<<20)
		calls, sent := 0, 0
		write := func() error {
			return raw.Write(func(fd uintptr) bool {
				calls++
				for sent < len(data) {
					n, err := unix.SendmsgN(int(fd), data[sent:], nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
					if err != nil {
						return false
					}
					sent += n
				}
				return true
			})
		}
		for was := -1; was < sent; { // until nothing moves any more
			was, calls = sent, 0
			check(t, c.SetWriteDeadline(briefly()))
			if err := write(); !isTimeout(err) {
				t.Fatal(err)
			}
		}
		if calls > fewCalls {
			t.Errorf("%d calls until the deadline, want at most %d", calls, fewCalls)
		}
		check(t, c.SetWriteDeadline(never))
		done := parked(t, write)
		got := make([]byte, len(data))
		for n := 0; n < len(got); {
			m, err := peer.Read(got[n:])
			check(t, err)
			n += m
		}
		check(t, <-done)
	})
}

// TestRawWriteWantsNoRoom guards that a callback which is not satisfied although there is room is
// not called again for that.
func TestRawWriteWantsNoRoom(t *testing.T) {
	eachWorld(t, func(t *testing.T, c, peer stream) {
		calls := 0
		check(t, c.SetWriteDeadline(briefly()))
		err := rawConn(t, c).Write(func(uintptr) bool { calls++; return false })
		if !isTimeout(err) {
			t.Fatal(err)
		}
		if calls > fewCalls {
			t.Errorf("%d calls until the deadline, want at most %d", calls, fewCalls)
		}
	})
}
