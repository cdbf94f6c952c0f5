package file

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// File is an open file. Its methods may be called from any goroutine.
type File struct {
	f *os.File

	// raw gives access to the descriptor, which stays open meanwhile. It is nil if all calls are
	// those of package os.
	raw syscall.RawConn

	// sides is nil if raw is.
	*sides

	polled  bool   // package os does not know that Fd has to make it blocking
	appends bool   // O_APPEND
	direct  bool   // O_DIRECT
	device  uint64 // as stat(2) names it

	// position is held by what uses the offset: Read, which may need several system calls, Write and
	// Seek. For one call the kernel has such a lock, too.
	position sync.Mutex

	// cannotTell is set once the file system has not been able to say whether a read would wait.
	cannotTell atomic.Bool
}

// sides are the deadlines of a file. They lie by themselves: a timer that is pending keeps them
// reachable, and not the file, whose descriptor is closed once the program has lost it.
type sides struct{ reading, writing deadline }

// Open opens a file for reading, as [os.Open] does.
func Open(name string) (*File, error) { return OpenFile(name, os.O_RDONLY, 0) }

// Create makes a file, or truncates the one that is there, as [os.Create] does.
func Create(name string) (*File, error) {
	return OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile opens a file with flags of package os, as [os.OpenFile] does.
func OpenFile(name string, flag int, perm fs.FileMode) (*File, error) {
	f, kind, device, err := open(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return wrap(f, kind, flag, device), nil
}

// kind is what a descriptor is open on.
type kind uint8

const (
	byOS   kind = iota // package os serves it
	polled             // it does, and we have made the descriptor one that does not block
	onDisk             // a regular file, or a block device
)

func wrap(f *os.File, kind kind, flag int, device uint64) *File {
	file := &File{f: f, device: device}
	file.polled, file.appends, file.direct = kind == polled, flag&os.O_APPEND != 0, flag&directFlag != 0
	if kind == onDisk {
		file.raw, _ = f.SyscallConn()
		file.sides = new(sides)
	}
	if kind == onDisk && file.direct {
		file.raw.Control(func(fd uintptr) { file.cannotTell.Store(cannotTell(int(fd))) })
	}
	return file
}

// Name returns the name as it was given to Open.
func (f *File) Name() string { return f.f.Name() }

// Close ends the use of the file, as that of [os.File] does: calls that are under way come to
// their end, and the last of them closes the descriptor.
func (f *File) Close() error {
	if f == nil {
		return os.ErrInvalid
	}
	if f.sides != nil {
		f.reading.stop()
		f.writing.stop()
	}
	return f.f.Close()
}

// Fd returns the descriptor, with the warnings of [os.File.Fd].
func (f *File) Fd() uintptr {
	if f == nil {
		return ^uintptr(0)
	}
	fd := f.f.Fd()
	if f.polled {
		setBlocking(fd)
	}
	return fd
}

// SyscallConn gives access to the descriptor, for sendfile(2) too.
func (f *File) SyscallConn() (syscall.RawConn, error) {
	if f == nil {
		return nil, os.ErrInvalid
	}
	return f.f.SyscallConn()
}

// Seek sets the offset of the next Read or Write, as [os.File.Seek] does.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	if f == nil {
		return 0, os.ErrInvalid
	}
	f.position.Lock()
	defer f.position.Unlock()
	return f.f.Seek(offset, whence)
}

// Stat describes the file. What it says is in memory while the file is open.
func (f *File) Stat() (fs.FileInfo, error) {
	if f == nil {
		return nil, os.ErrInvalid
	}
	return f.f.Stat()
}

// Truncate changes the size, by a call of package os.
func (f *File) Truncate(size int64) error {
	if f == nil {
		return os.ErrInvalid
	}
	return f.f.Truncate(size)
}

// Chmod changes the mode, by a call of package os.
func (f *File) Chmod(mode fs.FileMode) error {
	if f == nil {
		return os.ErrInvalid
	}
	return f.f.Chmod(mode)
}

// ReadDir lists a directory, by package os; see [os.File.ReadDir].
func (f *File) ReadDir(n int) ([]fs.DirEntry, error) {
	if f == nil {
		return nil, os.ErrInvalid
	}
	return f.f.ReadDir(n)
}

// Readdir lists a directory, by package os; see [os.File.Readdir].
func (f *File) Readdir(n int) ([]fs.FileInfo, error) {
	if f == nil {
		return nil, os.ErrInvalid
	}
	return f.f.Readdir(n)
}

// named is the error of a call as package os words it.
func (f *File) named(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &fs.PathError{Op: op, Path: f.f.Name(), Err: err}
}

var errNegativeOffset = errors.New("negative offset")
