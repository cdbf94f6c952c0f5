package differential

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Operations that move more than a buffer holds, and those that copy.

// transfer sends up to some 300 kB, with the reader at the other end.
func transfer(x *executor, e *end, n int) string {
	if x.packets() || !e.quiet() || !e.peer.quiet() || e.peer.waiting() > 0 {
		return skipped
	}
	return <-x.send(e, n*32)
}

// duplex does that in both directions at once.
func duplex(x *executor, e *end, n int) string {
	if x.packets() || !e.quiet() || !e.peer.quiet() || e.peer.waiting() > 0 || e.waiting() > 0 {
		return skipped
	}
	there, back := x.send(e, n*16), x.send(e.peer, n*32)
	return <-there + "; back " + <-back
}

// send writes n bytes at e while it reads them at the peer.
func (x *executor) send(e *end, n int) <-chan string {
	data := pattern(e.sent, n)
	offset := e.sent
	e.sent += n
	e.peer.received += n
	wrote, done := make(chan string, 1), make(chan string, 1)
	go func() {
		got, err := e.conn.Write(data)
		wrote <- result(got, err, nil)
	}()
	go func() {
		arrived := drained(e.peer.conn, offset, n)
		done <- <-wrote + ", " + arrived
	}()
	return done
}

// fillBytes is more than socket buffers hold while nobody reads.
const fillBytes = 8 << 20

// startFill writes until the buffers are full. It returns once the writing has begun, with the
// result to come.
func startFill(e *end) <-chan writeResult {
	e.conn.SetWriteBuffer(4096)
	done := make(chan writeResult, 1)
	go func() {
		n, err := e.conn.Write(pattern(e.sent, fillBytes))
		done <- writeResult{n, err}
	}()
	e.peer.conn.Read(make([]byte, 1))
	return done
}

type writeResult struct {
	n   int
	err error
}

// fillUntilDeadline interrupts a blocked write by a deadline. How many bytes it had written by then
// is not determined; that exactly these arrive is.
func fillUntilDeadline(x *executor, e *end, _ int) string {
	if x.packets() || !e.quiet() || !e.peer.quiet() || e.peer.waiting() > 0 {
		return skipped
	}
	filling := startFill(e)
	e.conn.SetWriteDeadline(past())
	w := <-filling
	e.conn.SetWriteDeadline(never())
	e.conn.SetWriteBuffer(200000) // as the model expects it
	arrived := drained(e.peer.conn, e.sent+1, w.n-1)
	e.filled += w.n
	return fmt.Sprintf("complete %v, %s, %s", w.n == fillBytes, Describe(w.err), arrived)
}

// fillUntilClose interrupts a blocked write by Close: what it reports as written arrives before the
// end of file.
func fillUntilClose(x *executor, e *end, _ int) string {
	if x.packets() || !e.quiet() || !e.peer.quiet() || e.peer.waiting() > 0 || e.waiting() > 0 {
		return skipped
	}
	filling := startFill(e)
	closed := closeEnd(x, e, 0)
	w := <-filling
	arrived := drained(e.peer.conn, e.sent+1, w.n-1)
	rest, err := e.peer.conn.Read(make([]byte, 1))
	return fmt.Sprintf("%s, complete %v, %s, %s, then %s", closed, w.n == fillBytes, Describe(w.err), arrived, result(rest, err, nil))
}

// onlyReader hides the other methods of a reader, so that io.Copy uses the connection's ReadFrom.
type onlyReader struct{ io.Reader }

func copyIn(x *executor, e *end, n int) string {
	if x.packets() || !x.takesWrites(e, n) {
		return skipped
	}
	return x.copyFrom(e, onlyReader{bytes.NewReader(pattern(e.sent, n))})
}

// sendFile copies from a regular file, which net sends by sendfile. The program itself is a file
// that is always there.
func sendFile(x *executor, e *end, n int) string {
	if x.packets() || !x.takesWrites(e, n) {
		return skipped
	}
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return skipped
	}
	defer f.Close()
	return x.copyFrom(e, io.LimitReader(f, int64(n)))
}

func (x *executor) copyFrom(e *end, r io.Reader) string {
	n, err := io.Copy(e.conn, r)
	x.wrote(e, int(n), err)
	return result(int(n), err, nil)
}

func copyOut(x *executor, e *end, _ int) string {
	if x.packets() || e.parked != nil || !e.answers() {
		return skipped
	}
	var buf bytes.Buffer
	n, err := io.Copy(&buf, e.conn)
	e.received += int(n)
	return result(int(n), err, buf.Bytes())
}

// splice copies n bytes from e to the same end of the next connection.
func splice(x *executor, e *end, n int) string {
	slot := int(e.name[0] - '0')
	to := x.pairs[(slot+1)%maxPairs]
	if to == nil || x.packets() || n == 0 || e.parked != nil || e.closed || e.readExpired || e.waiting() < n {
		return skipped
	}
	d := to.ends[e.name[1]-'a']
	if d.closed || d.writeShut || d.reset || d.writeExpired || d.peer.closed || d.peer.readShut || !x.takesWrites(d, n) {
		return skipped
	}
	copied, err := io.Copy(d.conn, io.LimitReader(e.conn, int64(n)))
	e.received += int(copied)
	x.wrote(d, int(copied), err)
	return result(int(copied), err, nil)
}

func rawControl(x *executor, e *end, _ int) string {
	rc, err := e.conn.SyscallConn()
	if err != nil {
		return "SyscallConn: " + Describe(err)
	}
	var options []int
	err = rc.Control(func(fd uintptr) {
		names := [][2]int{{syscall.SOL_SOCKET, syscall.SO_TYPE}}
		if !x.isUnix() {
			names = append(names, [2]int{syscall.SOL_SOCKET, syscall.SO_KEEPALIVE}, [2]int{syscall.IPPROTO_TCP, syscall.TCP_NODELAY})
		}
		for _, name := range names {
			v, _ := syscall.GetsockoptInt(int(fd), name[0], name[1])
			options = append(options, v)
		}
	})
	return fmt.Sprint(options, " ", Describe(err))
}

func rawRead(x *executor, e *end, n int) string {
	if e.parked != nil || n == 0 || e.waiting() < x.units(n) && !e.answers() {
		return skipped
	}
	rc, err := e.conn.SyscallConn()
	if err != nil {
		return "SyscallConn: " + Describe(err)
	}
	buf, got := make([]byte, n), 0
	var inner error
	err = rc.Read(func(fd uintptr) bool {
		for got < n {
			m, err := syscall.Read(int(fd), buf[got:])
			if err == syscall.EAGAIN {
				return false
			}
			got += max(m, 0)
			inner = err
			if m > 0 {
				e.received += x.units(m)
			}
			if m <= 0 || x.packets() {
				break
			}
		}
		return true
	})
	return result(got, inner, buf[:got]) + ", " + Describe(err)
}

func rawWrite(x *executor, e *end, n int) string {
	if !x.takesWrites(e, n) || x.packets() && n == 0 {
		return skipped
	}
	rc, err := e.conn.SyscallConn()
	if err != nil {
		return "SyscallConn: " + Describe(err)
	}
	data, got := pattern(e.sent, n), 0
	var inner error
	err = rc.Write(func(fd uintptr) bool {
		// MSG_NOSIGNAL is not needed: the Go runtime ignores SIGPIPE on sockets.
		got, inner = syscall.Write(int(fd), data)
		return inner != syscall.EAGAIN
	})
	x.wrote(e, max(got, 0), errOr(err, inner))
	return result(got, inner, nil) + ", " + Describe(err)
}

func errOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
