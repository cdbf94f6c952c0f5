package file

import (
	"context"
	"io"
	"os"
)

// maxRW bounds one transfer, as in package os: some systems fail on more.
const maxRW = 1 << 30

// Read reads up to len(p) bytes from where the file's offset is, and moves it, as [os.File.Read]
// does. At the end of the file it returns 0, io.EOF. If some bytes have been read they are returned
// without an error; the next Read says it.
func (f *File) Read(p []byte) (int, error) {
	switch {
	case f == nil:
		return 0, os.ErrInvalid
	case f.raw == nil:
		return f.f.Read(p)
	}
	c := newCall(f, &f.reading, p[:min(len(p), maxRW)], atPosition)
	n, err := c.locked(readNext)
	switch {
	case n > 0:
		return n, nil
	case err == nil && len(p) > 0:
		return 0, io.EOF
	}
	return 0, f.named("read", err)
}

// ReadAt reads len(p) bytes from an offset, as [os.File.ReadAt] does: if it returns less, the error
// says why, io.EOF at the end of the file.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	return f.readAt(context.Background(), p, off)
}

// ReadAtContext is ReadAt until ctx is done. Then it fails with an error that is context.Cause(ctx)
// by errors.Is. It returns when the kernel has let go of p: for a read that has begun on the disk,
// that is when the disk is done.
func (f *File) ReadAtContext(ctx context.Context, p []byte, off int64) (int, error) {
	return f.readAt(ctx, p, off)
}

func (f *File) readAt(ctx context.Context, p []byte, off int64) (n int, err error) {
	switch {
	case f == nil:
		return 0, os.ErrInvalid
	case off < 0:
		return 0, &os.PathError{Op: "readat", Path: f.f.Name(), Err: errNegativeOffset}
	case ctx.Err() != nil:
		return 0, f.named("read", context.Cause(ctx))
	case f.raw == nil || len(p) == 0:
		return f.f.ReadAt(p, off)
	}
	c := newCall(f, &f.reading, p, off)
	c.ctx = ctx
	n, err = c.control(readOnDisk)
	if err == nil && n < len(p) {
		return n, io.EOF
	}
	return n, f.named("read", err)
}

// readOnDisk reads until c.p is full or the file ends.
func readOnDisk(c *call, fd int) {
	for c.err = c.interruption(); c.readPart(fd); {
	}
}

// readNext is readOnDisk for Read. What cannot tell whether a read would wait may be no file on a
// disk, but one that gives what has come and waits for more, such as trace_pipe. And O_DIRECT reads
// no more after part of a block.
func readNext(c *call, fd int) {
	for c.err = c.interruption(); c.readPart(fd); {
		if c.n > 0 && (c.cannotTell || c.f.direct) {
			return
		}
	}
}

// readPart reads on, and reports whether there may be more to read.
func (c *call) readPart(fd int) bool {
	if c.n == len(c.p) || c.err != nil {
		return false
	}
	n, err := c.readSome(fd, c.p[c.n:][:min(len(c.p)-c.n, maxRW)])
	c.add(n, err)
	return err != nil || n > 0
}

// readSome reads what is in memory by a plain call, and the rest by a request. Where the file
// system cannot tell which it is, the call is made like a write. With O_DIRECT a read waits, even
// one that is not to, and is a request.
func (c *call) readSome(fd int, p []byte) (int, error) {
	direct := c.f != nil && c.f.direct
	if !c.cannotTell && !direct {
		n, err := readCached(fd, p, c.off)
		switch err {
		case errWouldWait:
			if c.mayTransfer(fd) && c.begin() {
				return c.endRequest(c.request.read(fd, p, c.off))
			}
		case errCannotTell:
			c.cannotTell = true
			if c.f != nil {
				c.f.cannotTell.Store(true)
			}
		default:
			return n, err
		}
	}
	if direct || !takeSlot() {
		if c.mayTransfer(fd) && c.begin() {
			return c.endRequest(c.request.read(fd, p, c.off))
		}
	} else {
		defer giveSlot()
	}
	return readPlain(fd, p, c.off)
}
