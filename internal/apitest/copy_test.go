package apitest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/uringnet/uringnet"
)

// tempFile is a file with that much of a pattern in it.
func tempFile(t *testing.T, length int) (*os.File, []byte) {
	t.Helper()
	content := make([]byte, length)
	pattern(15).Read(content)
	f, err := os.Create(filepath.Join(t.TempDir(), "content"))
	check(t, err)
	t.Cleanup(func() { f.Close() })
	_, err = f.Write(content)
	check(t, err)
	_, err = f.Seek(0, io.SeekStart)
	check(t, err)
	return f, content
}

// readAll collects everything up to the end of c.
func readAll(c io.Reader) <-chan []byte {
	all := make(chan []byte, 1)
	go func() {
		b, err := io.ReadAll(c)
		if err != nil {
			b = append(b, err.Error()...)
		}
		all <- b
	}()
	return all
}

// copyTo has each of the ways to copy into a connection checked: what was sent, what arrived, and
// where the source stands.
func copyTo(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	a, d := tcpPair(t)
	all := readAll(a)
	mustWrite(t, d, "head:")
	n, err := d.ReadFrom(r)
	if n != int64(len(want)) || err != nil {
		t.Errorf("ReadFrom = %d, %v, want %d", n, err, len(want))
	}
	mustWrite(t, d, ":tail")
	check(t, d.CloseWrite())
	if got := <-all; !bytes.Equal(got, bytes.Join([][]byte{[]byte("head:"), want, []byte(":tail")}, nil)) {
		t.Errorf("%d bytes arrive, want %d; or their content is wrong", len(got), len(want)+10)
	}
}

func TestReadFromFile(t *testing.T) {
	for _, length := range []int{0, 1, 4096, 100_001, 10 << 20} {
		t.Run(fmt.Sprint(length), func(t *testing.T) {
			begin(t)
			f, content := tempFile(t, length)
			copyTo(t, f, content)
			mustBeAt(t, f, length)
			copyTo(t, f, nil) // at its end

			_, err := f.Seek(int64(length/3), io.SeekStart)
			check(t, err)
			copyTo(t, f, content[length/3:])

			_, err = f.Seek(int64(length/3), io.SeekStart)
			check(t, err)
			limit := length / 2
			lr := &io.LimitedReader{R: f, N: int64(limit)}
			copyTo(t, lr, content[length/3:length/3+limit])
			mustBeAt(t, f, length/3+limit)
			if lr.N != 0 || lr.R != io.Reader(f) {
				t.Errorf("the limited reader is left with N = %d, R = %T", lr.N, lr.R)
			}

			_, err = f.Seek(0, io.SeekStart)
			check(t, err)
			copyTo(t, io.LimitReader(f, 1<<40), content) // a limit beyond the end
			copyTo(t, io.LimitReader(f, -1), nil)
		})
	}
}

func mustBeAt(t *testing.T, f *os.File, want int) {
	t.Helper()
	if at, err := f.Seek(0, io.SeekCurrent); at != int64(want) || err != nil {
		t.Errorf("the file is at %d, %v, want %d", at, err, want)
	}
}

// TestReadFromOthers takes sources that are no regular files.
func TestReadFromOthers(t *testing.T) {
	begin(t)
	content := make([]byte, 3<<20)
	pattern(16).Read(content)
	copyTo(t, bytes.NewReader(content), content)
	copyTo(t, io.MultiReader(bytes.NewReader(content[:10]), bytes.NewReader(content[10:])), content)
	copyTo(t, io.LimitReader(bytes.NewReader(content), 12345), content[:12345])

	r, w, err := os.Pipe()
	check(t, err)
	go func() {
		w.Write(content)
		w.Close()
	}()
	copyTo(t, r, content)
	check(t, r.Close())

	devnull, err := os.Open(os.DevNull)
	check(t, err)
	copyTo(t, devnull, nil)
	check(t, devnull.Close())

	for _, network := range []string{"tcp", "unix"} { // from connections, of both packages
		for _, m := range []maker{onRing, onNet} {
			a, d := connect(t, listen(t, m, network), m)
			go func() {
				d.Write(content)
				d.CloseWrite()
			}()
			lr := &io.LimitedReader{R: a, N: 1 << 20}
			copyTo(t, lr, content[:1<<20])
			if lr.N != 0 || lr.R != io.Reader(a) { // it is the caller's
				t.Errorf("the limited reader is left with N = %d, R = %T", lr.N, lr.R)
			}
			copyTo(t, a, content[1<<20:])
		}
	}
}

// TestReadFromFails reports the reader's error, with the bytes that came before it.
func TestReadFromFails(t *testing.T) {
	begin(t)
	boom := errors.New("boom")
	a, d := tcpPair(t)
	all := readAll(a)
	n, err := d.ReadFrom(io.MultiReader(bytes.NewReader([]byte("some")), errReader{boom}))
	if n != 4 || !errors.Is(err, boom) {
		t.Errorf("ReadFrom = %d, %v", n, err)
	}
	closed, _ := tempFile(t, 10)
	check(t, closed.Close())
	if n, err := d.ReadFrom(closed); n != 0 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("ReadFrom of a closed file = %d, %v", n, err)
	}
	check(t, d.CloseWrite())
	if got := <-all; string(got) != "some" {
		t.Errorf("the peer got %q", got)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// TestReadFromFileDeadline: sending a file has the write deadline, counts exactly what went out,
// and leaves the file there.
func TestReadFromFileDeadline(t *testing.T) {
	begin(t)
	a, d := tcpPair(t)
	smallBuffers(t, d, a)
	f, content := tempFile(t, 10<<20)
	check(t, d.SetWriteDeadline(soon()))
	n, err := d.ReadFrom(f)
	if !isTimeout(err) || n >= int64(len(content)) {
		t.Fatalf("ReadFrom = %d, %v", n, err)
	}
	mustBeAt(t, f, int(n))
	check(t, d.SetWriteDeadline(never))
	blocked := parked(t, func() ioResult {
		n, err := d.ReadFrom(f)
		return ioResult{int(n), err}
	})
	check(t, d.Close())
	r := <-blocked
	mustBeClosed(t, "ReadFrom", r.err)
	if got := <-readAll(a); !bytes.Equal(got, content[:n+int64(r.n)]) {
		t.Errorf("the peer got %d bytes, %d + %d were counted", len(got), n, r.n)
	}
}

// TestCopyBetweenConns is a proxy's work: io.Copy, which finds WriteTo and ReadFrom by itself.
func TestCopyBetweenConns(t *testing.T) {
	for _, from := range []string{"tcp", "unix"} {
		for _, to := range []string{"tcp", "unix"} {
			t.Run(from+" to "+to, func(t *testing.T) {
				begin(t)
				a, client := pair(t, from)
				b, server := pair(t, to)
				proxied := make(chan error, 2)
				forward := func(dst, src stream) {
					_, err := io.Copy(dst, src)
					proxied <- errors.Join(err, dst.CloseWrite())
				}
				go forward(b, a)
				go forward(a, b)
				check(t, transfer(client, server, size(4<<20, 1<<20), 64<<10))
				check(t, client.CloseWrite())
				check(t, server.CloseWrite())
				check(t, <-proxied)
				check(t, <-proxied)
				mustEOF(t, client)
				mustEOF(t, server)
			})
		}
	}
}

// counted is a program's own connection around one of ours: all that goes through it is counted.
type counted struct {
	*uringnet.TCPConn
	in, out int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.in += n
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	c.out += n
	return n, err
}

func (c *counted) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}

func (c *counted) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{c})
}

// TestCopySeesWrapper: a copy goes through the methods of what it is given, not of what that is
// made of.
func TestCopySeesWrapper(t *testing.T) {
	content := make([]byte, 1<<20)
	pattern(19).Read(content)
	for _, tc := range []struct {
		name string
		copy func(dst, src *counted) (int64, error)
		want func(dst, src *counted) int
	}{
		{"ReadFrom", func(dst, src *counted) (int64, error) { return dst.TCPConn.ReadFrom(src) },
			func(_, src *counted) int { return src.in }},
		{"ReadFrom with a limit", func(dst, src *counted) (int64, error) {
			return dst.TCPConn.ReadFrom(io.LimitReader(src, int64(len(content))))
		}, func(_, src *counted) int { return src.in }},
		{"WriteTo", func(dst, src *counted) (int64, error) { return src.TCPConn.WriteTo(dst) },
			func(dst, _ *counted) int { return dst.out }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begin(t)
			from, client := tcpPair(t)
			to, server := tcpPair(t)
			src, dst := &counted{TCPConn: from}, &counted{TCPConn: to}
			go func() {
				client.Write(content)
				client.CloseWrite()
			}()
			all := readAll(server)
			if n, err := tc.copy(dst, src); n != int64(len(content)) || err != nil {
				t.Fatalf("it copies %d, %v, want %d", n, err, len(content))
			}
			check(t, to.CloseWrite())
			if !bytes.Equal(<-all, content) {
				t.Error("what arrives is not what was sent")
			}
			if n := tc.want(dst, src); n != len(content) {
				t.Errorf("%d bytes went through the wrapper, want %d", n, len(content))
			}
		})
	}
}

// TestWriteTo reads a connection to its end, into a writer of any kind.
func TestWriteTo(t *testing.T) {
	begin(t)
	content := make([]byte, 1<<20)
	pattern(17).Read(content)
	var buf bytes.Buffer
	f, err := os.Create(filepath.Join(t.TempDir(), "sink"))
	check(t, err)
	defer f.Close()
	for name, w := range map[string]io.Writer{"buffer": &buf, "file": f} {
		a, d := tcpPair(t)
		go func() {
			d.Write(content)
			d.CloseWrite()
		}()
		if n, err := a.WriteTo(w); n != int64(len(content)) || err != nil {
			t.Errorf("WriteTo a %s = %d, %v", name, n, err)
		}
	}
	inFile, err := os.ReadFile(f.Name())
	check(t, err)
	if !bytes.Equal(buf.Bytes(), content) || !bytes.Equal(inFile, content) {
		t.Error("wrong content")
	}
	// A writer that fails ends it; nothing hangs.
	a, d := tcpPair(t)
	mustWrite(t, d, "data")
	boom := errors.New("boom")
	if _, err := a.WriteTo(errWriter{boom}); !errors.Is(err, boom) {
		t.Errorf("WriteTo = %v", err)
	}
	check(t, a.SetReadDeadline(past))
	if n, err := a.WriteTo(io.Discard); n != 0 || !isTimeout(err) {
		t.Errorf("WriteTo after the deadline = %d, %v", n, err)
	}
}

type errWriter struct{ err error }

func (w errWriter) Write([]byte) (int, error) { return 0, w.err }

// TestBuffers: net.Buffers knows no vectors for foreign connections, but must arrive whole and in
// order.
func TestBuffers(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		var bufs net.Buffers
		content := make([]byte, 300_000)
		pattern(18).Read(content)
		for b := content; len(b) > 0; {
			n := min(len(b), 1+len(b)/7)
			bufs, b = append(bufs, b[:n]), b[n:]
		}
		all := readAll(peer)
		if n, err := bufs.WriteTo(c); n != int64(len(content)) || err != nil {
			t.Errorf("WriteTo = %d, %v", n, err)
		}
		check(t, c.CloseWrite())
		if !bytes.Equal(<-all, content) {
			t.Error("wrong content")
		}
	})
}
