// Package httpdir serves the files of a directory by net/http. What is not in memory is read by
// requests, see package file, and sent by sendfile(2) then.
package httpdir

import (
	"errors"
	"io"
	"net/http"
	"path"
	"path/filepath"
	"syscall"

	"github.com/uringnet/uringnet/file"
)

// Dir is [http.Dir] whose files are those of package file:
//
//	http.FileServer(httpdir.Dir("/var/www"))
//
// Its methods may be called from any goroutine.
type Dir string

// Open opens a file as [http.Dir.Open] does, with the same errors.
func (d Dir) Open(name string) (http.File, error) {
	if local, err := filepath.Localize(path.Join(".", path.Clean("/" + name)[1:])); err == nil {
		f, err := file.Open(filepath.Join(string(d), local))
		if err == nil {
			return served{f}, nil
		}
		if !errors.As(err, new(syscall.Errno)) {
			return nil, err // package file may not be used here: see URINGNET=require
		}
	}
	return http.Dir(d).Open(name) // it says what is wrong
}

// served is a file that is sent by sendfile(2): net/http reads it where it cannot be.
type served struct{ *file.File }

// SyscallConn is what sendfile gets at the descriptor by.
func (s served) SyscallConn() (syscall.RawConn, error) {
	raw, err := s.File.SyscallConn()
	if err != nil {
		return nil, err
	}
	return rawFile{raw, s.File}, nil
}

// A connection of this module goes from window to window, and has each read ahead. One of package
// net does not say how much it sends: there only what is first is read ahead.
const (
	window = 1 << 20
	first  = 128 << 10
)

type rawFile struct {
	syscall.RawConn
	f *file.File
}

func (r rawFile) Read(use func(fd uintptr) bool) error {
	r.Prefetch(first)
	return r.RawConn.Read(use)
}

// Prefetch reads ahead from where the file's offset is, and returns for how much of n bytes it did.
// internal/socket calls it, between two calls of sendfile(2).
func (r rawFile) Prefetch(n int64) int64 {
	n = min(n, window)
	if at, err := r.f.Seek(0, io.SeekCurrent); err == nil {
		r.f.Prefetch(at, n) // an error is sendfile's to say
	}
	return n
}
