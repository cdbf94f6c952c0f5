//go:build linux

package files

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/file"
	"github.com/uringnet/uringnet/internal/testutil"
)

// open opens the file of a file system.
func open(t *testing.T, s *slow) *file.File {
	t.Helper()
	f, err := file.OpenFile(mount(t, s), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// syncing is a call of Sync.
func syncing(f *file.File) func([]byte) (int, error) {
	return func([]byte) (int, error) { return 0, f.Sync() }
}

// result is what a call has returned.
type result struct {
	n   int
	err error
	p   []byte
}

const untouched = 0xEE

// begin makes a call in a goroutine, with memory of 1000 bytes, and returns when it is held.
func begin(s *slow, call func(p []byte) (int, error)) (*held, <-chan result) {
	done := make(chan result, 1)
	go func() {
		p := make([]byte, 1000)
		for i := range p {
			p[i] = untouched
		}
		n, err := call(p)
		done <- result{n, err, p}
	}()
	return <-s.arrived, done
}

// check says whether the memory has the bytes that have come, from an offset on, and nothing else.
func (r *result) check(t *testing.T, off int64) {
	t.Helper()
	for i, b := range r.p {
		switch {
		case i < r.n && b != content(off+int64(i)):
			t.Fatalf("byte %d is %#x, want %#x", i, b, content(off+int64(i)))
		case i >= r.n && b != untouched:
			t.Fatalf("byte %d of memory has changed, and %d bytes were read", i, r.n)
		}
	}
}

// A deadline that passes does not interrupt a plain call, which comes to its end. The next call
// fails.
func TestDeadlineDuringCall(t *testing.T) {
	s := &slow{tracing: true}
	f := open(t, s)
	for name, call := range map[string]func(p []byte) (int, error){
		"Sync":   syncing(f),
		"ReadAt": func(p []byte) (int, error) { return f.ReadAt(p, 5) },
	} {
		h, done := begin(s, call)
		if err := f.SetDeadline(time.Unix(1, 0)); errors.Is(err, os.ErrNoDeadline) {
			t.Skip("without io_uring files have no deadlines")
		} else if err != nil {
			t.Fatal(err)
		}
		h.answer <- 0
		r := <-done
		if r.err != nil {
			t.Errorf("%s: %v", name, r.err)
		}
		r.check(t, 5)
		if _, err := call(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s after its deadline: %v", name, err)
		}
		f.SetDeadline(time.Time{})
	}
}

// At the end of a file io_uring would read the last bytes twice. FUSE cannot tell whether a read
// would wait, so all reads are plain calls, however many are under way.
func TestEndOfFile(t *testing.T) {
	for _, flag := range []int{os.O_RDWR, os.O_RDWR | unix.O_DIRECT} {
		s := &slow{tracing: true}
		f, err := file.OpenFile(mount(t, s), flag, 0)
		if err != nil {
			t.Fatal(err)
		}
		var calls [40]struct {
			h    *held
			done <-chan result
		}
		for i := range calls {
			calls[i].h, calls[i].done = begin(s, func(p []byte) (int, error) { return f.ReadAt(p, fileSize-100) })
		}
		for _, c := range calls {
			c.h.answer <- 0
			if r := <-s.next(c.done); r.n != 100 || r.err != io.EOF {
				t.Errorf("flag %#x: %d, %v", flag, r.n, r.err)
			} else {
				r.check(t, fileSize-100)
			}
		}
		f.Close()
	}
}

// next answers all calls until there is a result.
func (s *slow) next(done <-chan result) <-chan result {
	for {
		select {
		case h := <-s.arrived:
			h.answer <- 0
		case r := <-done:
			one := make(chan result, 1)
			one <- r
			return one
		}
	}
}

// After Close a call that is under way comes to its end, and then the descriptor is closed.
func TestCloseDuringCall(t *testing.T) {
	s := &slow{tracing: true}
	f := open(t, s)
	isOpen := func() bool {
		for fd := range testutil.OpenFDs() {
			if strings.HasSuffix(fd, " "+f.Name()) {
				return true
			}
		}
		return false
	}
	h, done := begin(s, syncing(f))
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a read after Close: %v", err)
	}
	if !isOpen() {
		t.Error("the descriptor of a file in use is closed")
	}
	h.answer <- 0
	r := <-done
	if r.err != nil {
		t.Error(r.err)
	}
	if isOpen() {
		t.Error("the descriptor is not closed")
	}
}

// A read that comes short, and one of a file without an offset, end as a read(2) does.
func TestShortAndStream(t *testing.T) {
	for _, c := range []struct {
		name  string
		flags uint32
		flag  int
	}{
		{"in pieces", 0, os.O_RDONLY},
		{"in pieces, O_DIRECT", 0, os.O_RDONLY | unix.O_DIRECT},
		{"without an offset", fopenNonseekable | fopenStream, os.O_RDONLY},
		{"without an offset, O_DIRECT", fopenNonseekable | fopenStream, os.O_RDONLY | unix.O_DIRECT},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := mount(t, &slow{openFlags: c.flags, atMost: 100})
			var results [2]string
			for i := range results {
				var f interface {
					io.ReadCloser
					io.ReaderAt
				}
				var err error
				if i == 0 {
					f, err = os.OpenFile(name, c.flag, 0)
				} else {
					f, err = file.OpenFile(name, c.flag, 0)
				}
				if err != nil {
					t.Fatal(err)
				}
				results[i] = reads(f)
				f.Close()
			}
			if results[0] != results[1] {
				t.Errorf("package os:   %s\npackage file: %s", results[0], results[1])
			}
		})
	}
}

const fopenNonseekable, fopenStream = 1 << 2, 1 << 4

// reads says what some reads return.
func reads(f interface {
	io.Reader
	io.ReaderAt
}) (out string) {
	for range 3 {
		p := make([]byte, 300)
		n, err := f.Read(p)
		out += word(n, p, err)
	}
	p := make([]byte, 300)
	n, err := f.ReadAt(p, 1000)
	return out + word(n, p, err)
}

func word(n int, p []byte, err error) string {
	out := ""
	for _, b := range p {
		out += string('a' + rune(b%26))
	}
	if err != nil {
		out += " " + err.Error()
	}
	return out + "; "
}
