package file

import (
	"context"
	"io"
	"os"
	"sync/atomic"
)

// maxRW bounds one transfer, as in package os: some systems fail on more.
const maxRW = 1 << 30

// maxRequest bounds a request. The thread of a disk copies what is read, and the other reads wait
// for it meanwhile.
const maxRequest = 1 << 20

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
// by errors.Is. It returns when the kernel has let go of p: a read that has begun comes to its end,
// and is returned.
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

// readNext is readOnDisk for Read, which is done with a call that may wait: a file may be one that
// gives what has come and waits for more, such as trace_pipe. And O_DIRECT reads no more after part
// of a block.
func readNext(c *call, fd int) {
	for c.err = c.interruption(); c.readPart(fd); {
		if c.n > 0 && (c.plain || c.f.direct) {
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

// readSome reads by a plain call, while few reads are under way. When there are more, what is in
// memory is read by a call that does not wait, and the rest by a request. With O_DIRECT all reads
// wait. ReadFile always tries first: see readDescriptor.
func (c *call) readSome(fd int, p []byte) (int, error) {
	few := readsUnderWay.Add(1) <= fewReads
	defer readsUnderWay.Add(-1)
	if !c.cannotTell && (c.f == nil || !few && !c.f.direct) {
		if n, err := c.tryToRead(fd, p); err != errWouldWait && err != errCannotTell {
			return n, err
		}
	}
	if !few && !c.cannotTell && c.begin() {
		if c.f == nil || !c.f.direct {
			p = p[:min(len(p), maxRequest)]
		}
		return c.endRequest(c.request.read(fd, p, c.off))
	}
	c.plain = true
	return readPlain(fd, p, c.off)
}

// tryToRead reads what is in memory. What is not the kernel begins to read from the disk, and waits
// if the queue of the disk is full. So if there are too many tries, only what is surely in memory
// is tried.
func (c *call) tryToRead(fd int, p []byte) (n int, err error) {
	switch {
	case atomic.LoadInt32(&tries) < mostTries || c.request.isInMemory(fd, c.off, int64(len(p))):
		n, err = c.request.readCached(fd, p, c.off)
	case cannotTell(fd):
		err = errCannotTell
	default:
		err = errWouldWait
	}
	if err == errCannotTell {
		c.cannotTell = true
		if c.f != nil {
			c.f.cannotTell.Store(true)
		}
	}
	return n, err
}
