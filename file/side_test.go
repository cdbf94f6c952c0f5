//go:build linux

package file

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing/iotest"
)

// handle is an open file of either package.
type handle interface {
	io.ReadWriteSeeker
	io.ReaderAt
	io.WriterAt
	io.StringWriter
	io.ReaderFrom
	io.Closer
	Truncate(size int64) error
	Stat() (fs.FileInfo, error)
	Sync() error
	Chmod(mode fs.FileMode) error
}

var _, _ handle = (*os.File)(nil), (*File)(nil)

// side is a script under way with one of the packages. What it returns for a call is all that can
// be seen of it, in words without the names of folders.
type side struct {
	dir  string
	byOS bool
	way  way

	f    handle
	made uint64 // reads that were not in memory, but in the way asItIs
}

// castagnoli is a checksum that processors compute.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const sourceSize = 150_000

func (x *side) name() string { return filepath.Join(x.dir, "file") }

// prepare makes the file, and one to copy from.
func (x *side) prepare(s script) {
	os.Remove(x.name())
	if s.initial >= 0 {
		must(os.WriteFile(x.name(), pattern(s.initial, 1), 0o644))
	}
	source := filepath.Join(x.dir, "source")
	if _, err := os.Stat(source); err != nil {
		must(os.WriteFile(source, pattern(sourceSize, 2), 0o644))
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (x *side) end() {
	if x.f != nil {
		x.f.Close()
	}
}

func (x *side) open(s script) string {
	var err error
	if x.byOS {
		var f *os.File
		switch s.opener {
		case byOpen:
			f, err = os.Open(x.name())
		case byCreate:
			f, err = os.Create(x.name())
		default:
			f, err = os.OpenFile(x.name(), s.flag, s.perm)
		}
		if f != nil {
			x.f = f
		}
		return x.words(0, nil, err)
	}
	var f *File
	switch s.opener {
	case byOpen:
		f, err = Open(x.name())
	case byCreate:
		f, err = Create(x.name())
	default:
		f, err = OpenFile(x.name(), s.flag, s.perm)
	}
	if f != nil {
		x.f = f
	}
	return x.words(0, nil, err)
}

// do makes a call.
func (x *side) do(o op) string {
	if x.way != asItIs {
		chill(x.name())
	}
	out := x.call(o)
	at, err := x.f.Seek(0, io.SeekCurrent)
	return out + " then at " + x.words(at, nil, err)
}

func (x *side) call(o op) string {
	var n int
	var err error
	buf := buffer[:o.n]
	clear(buf)
	switch o.verb {
	case read, readAt:
		if o.verb == read {
			n, err = x.f.Read(buf)
		} else {
			n, err = x.f.ReadAt(buf, o.off)
		}
		x.count(n)
		return x.words(int64(n), buf, err)
	case write, writeString, writeAt:
		switch copy(buf, pattern(o.n, byte(o.off)|1)); o.verb {
		case write:
			n, err = x.f.Write(buf)
		case writeString:
			n, err = x.f.WriteString(string(buf))
		default:
			n, err = x.f.WriteAt(buf, o.off)
		}
		return x.words(int64(n), nil, err)
	case readFrom, copyTo:
		return x.copy(o)
	case copyFrom:
		var b bytes.Buffer
		n, err := io.CopyN(&b, x.f, int64(o.n))
		return x.words(n, b.Bytes(), err)
	case readAll:
		if info, err := x.f.Stat(); err == nil && info.Size() > 1<<20 {
			return "too large"
		}
		all, err := io.ReadAll(x.f)
		return x.words(int64(len(all)), all, err)
	}
	return x.change(o)
}

// change makes a call that transfers nothing.
func (x *side) change(o op) string {
	switch o.verb {
	case seek:
		at, err := x.f.Seek(o.off, o.how)
		return x.words(at, nil, err)
	case truncate:
		return x.words(0, nil, x.f.Truncate(o.off))
	case truncateBeneath:
		return x.words(0, nil, os.Truncate(x.name(), o.off))
	case stat:
		info, err := x.f.Stat()
		if err != nil {
			return x.words(0, nil, err)
		}
		return fmt.Sprint(info.Name(), info.Size(), info.Mode(), info.IsDir())
	case datasync:
		if f, ours := x.f.(*File); ours {
			return x.words(0, nil, f.Datasync())
		}
		return x.words(0, nil, x.f.Sync())
	case syncIt:
		return x.words(0, nil, x.f.Sync())
	case chmod:
		return x.words(0, nil, x.f.Chmod(0o640))
	}
	return x.words(0, nil, x.f.Close())
}

// count takes note of a read of n bytes.
func (x *side) count(n int) {
	if n > 0 {
		x.made++
	}
}

// copy has the file read from a source.
func (x *side) copy(o op) string {
	source, limited := x.source(o)
	if c, ok := source.(io.Closer); ok && o.how != closedOwn {
		defer c.Close()
	}
	if limited != nil {
		if c, ok := limited.R.(io.Closer); ok {
			defer c.Close()
		}
	}
	var n int64
	var err error
	if o.verb == readFrom {
		n, err = x.f.ReadFrom(source)
	} else {
		n, err = io.Copy(x.f, source)
	}
	out := x.words(n, nil, err)
	if limited != nil {
		source = limited.R
		out += fmt.Sprint(" left ", limited.N)
	}
	if s, ok := source.(io.Seeker); ok {
		at, err := s.Seek(0, io.SeekCurrent)
		out += " source at " + x.words(at, nil, err)
	}
	return out
}

func (x *side) source(o op) (io.Reader, *io.LimitedReader) {
	var r io.Reader
	name := filepath.Join(x.dir, "source")
	switch {
	case o.how == inMemory, o.how == limitedInMemory:
		r = bytes.NewReader(pattern(o.n, 5))
	case o.how == failing:
		r = io.MultiReader(bytes.NewReader(pattern(o.n, 5)), iotest.ErrReader(errors.New("the source fails")))
	case x.byOS, o.how == osFile, o.how == limitedOS:
		f, err := os.Open(name)
		must(err)
		r = f
	default:
		f, err := Open(name)
		must(err)
		r = f
	}
	if s, ok := r.(io.Seeker); ok {
		_, err := s.Seek(int64(o.n/2), io.SeekStart)
		must(err)
	}
	switch o.how {
	case closedOwn:
		must(r.(io.Closer).Close())
	case limitedOwn, limitedOS, limitedInMemory:
		limited := &io.LimitedReader{R: r, N: int64(o.n) - 100}
		return limited, limited
	}
	return r, nil
}

// words says what a call has returned.
func (x *side) words(n int64, data []byte, err error) string {
	out := fmt.Sprint(n)
	if len(data) > 0 {
		out += fmt.Sprintf(" %x", crc32.Checksum(data, castagnoli))
	}
	if err != nil {
		out += x.wordsOf(err)
	}
	return out
}

// values are what errors.Is is asked about.
var values = []error{io.EOF, io.ErrUnexpectedEOF, io.ErrShortWrite, fs.ErrInvalid, fs.ErrPermission, fs.ErrExist,
	fs.ErrNotExist, fs.ErrClosed, os.ErrNoDeadline, os.ErrDeadlineExceeded, syscall.EINVAL, syscall.EBADF,
	syscall.EFBIG, syscall.ENOSPC, syscall.EIO, syscall.EISDIR, errors.ErrUnsupported}

// wordsOf says all that can be seen of an error.
func (x *side) wordsOf(err error) string {
	var b strings.Builder
	for _, v := range values {
		if errors.Is(err, v) {
			fmt.Fprintf(&b, " is(%v)", v)
		}
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		fmt.Fprintf(&b, " %T(%v)", e, e)
	}
	return strings.ReplaceAll(b.String(), x.dir, "DIR")
}

// content says what is in the file, where scripts write.
func (x *side) content() string {
	f, err := os.Open(x.name())
	if err != nil {
		return x.wordsOf(err)
	}
	defer f.Close()
	info, err := f.Stat()
	must(err)
	out := fmt.Sprint(info.Size(), info.Mode())
	for _, at := range []int64{0, fourGiB - 1<<18} {
		n, err := f.ReadAt(buffer, at)
		out += x.words(int64(n), buffer[:n], err)
	}
	return out
}

// buffer is for what is read; one script runs at a time.
var buffer = make([]byte, 1<<20)

var patterns [8][]byte

// pattern is n bytes, different ones for different kinds. They are not to be changed.
func pattern(n int, kind byte) []byte {
	kind %= byte(len(patterns))
	if patterns[kind] == nil {
		patterns[kind] = make([]byte, 1<<19)
		for i := range patterns[kind] {
			patterns[kind][i] = byte(i) ^ byte(i>>8) ^ byte(i>>16) ^ kind<<5
		}
	}
	return patterns[kind][:n:n]
}
