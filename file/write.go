package file

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
)

// Write writes len(p) bytes where the file's offset is, or at the end of a file that was opened
// with O_APPEND, as [os.File.Write] does. If it writes less the error says why.
func (f *File) Write(p []byte) (int, error) {
	switch {
	case f == nil:
		return 0, os.ErrInvalid
	case f.raw == nil || len(p) == 0: // to write nothing may fail
		return f.f.Write(p)
	}
	n, err := newCall(f, &f.writing, p, atPosition).locked(writeOnDisk)
	return n, f.named("write", err)
}

// WriteString is Write of the bytes of s.
func (f *File) WriteString(s string) (int, error) {
	if f != nil && f.raw == nil {
		return f.f.WriteString(s)
	}
	return f.Write(bytesOf(s))
}

// WriteAt writes len(p) bytes at an offset, as [os.File.WriteAt] does. It fails on a file that was
// opened with O_APPEND.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	return f.writeAt(context.Background(), p, off)
}

// WriteAtContext is WriteAt, but once ctx is done it fails with an error that is context.Cause(ctx)
// by errors.Is. A write that has begun comes to its end.
func (f *File) WriteAtContext(ctx context.Context, p []byte, off int64) (int, error) {
	return f.writeAt(ctx, p, off)
}

var errWriteAtInAppendMode = errors.New("os: invalid use of WriteAt on file opened with O_APPEND")

func (f *File) writeAt(ctx context.Context, p []byte, off int64) (int, error) {
	switch {
	case f == nil:
		return 0, os.ErrInvalid
	case f.appends:
		return 0, errWriteAtInAppendMode
	case off < 0:
		return 0, &os.PathError{Op: "writeat", Path: f.f.Name(), Err: errNegativeOffset}
	case ctx.Err() != nil:
		return 0, f.named("write", context.Cause(ctx))
	case f.raw == nil || len(p) == 0:
		return f.f.WriteAt(p, off)
	}
	c := newCall(f, &f.writing, p, off)
	c.ctx = ctx
	n, err := c.control(writeOnDisk)
	return n, f.named("write", err)
}

// writeOnDisk writes until all of c.p is written, by plain calls: as a rule they go to memory. What
// waits for the disk needs a thread in any case, ours or one of the kernel's.
func writeOnDisk(c *call, fd int) {
	for c.err = c.interruption(); c.n < len(c.p) && c.err == nil; {
		n, err := writePlain(fd, c.p[c.n:][:min(len(c.p)-c.n, maxRW)], c.off)
		if err == nil && n == 0 {
			err = io.ErrUnexpectedEOF // as package os has it
		}
		c.add(n, err)
	}
}

// ReadFrom copies r to the file until it ends. What has a descriptor, such as a file or a socket,
// package os copies from, if it can by the kernel: see [os.File.ReadFrom].
func (f *File) ReadFrom(r io.Reader) (int64, error) {
	if f == nil {
		return 0, os.ErrInvalid
	}
	limited, isLimited := r.(*io.LimitedReader)
	source := r
	if isLimited {
		source = limited.R
	}
	if ours, ok := source.(*File); ok {
		source = ours.f
	}
	if _, ok := source.(syscall.Conn); !ok {
		return io.Copy(struct{ io.Writer }{f}, r)
	}
	if !isLimited {
		return f.f.ReadFrom(source)
	}
	inner := io.LimitedReader{R: source, N: limited.N}
	n, err := f.f.ReadFrom(&inner)
	limited.N = inner.N
	return n, err
}
