package file

import (
	"os"
	"sync"
)

// prefetchStep is how much is looked at, and read, at once.
const prefetchStep = 128 << 10

var scratch = sync.Pool{New: func() any { return new([prefetchStep]byte) }}

// Prefetch has the kernel read n bytes from an offset into memory, so that a sendfile(2) which
// follows does not hold its thread while the disk works. It returns when they are there, or at the
// end of the file. Of what is there already it looks at the ends of each 128 KiB only. It does
// nothing where the file system cannot tell what is in memory, and where all calls are those of
// package os.
func (f *File) Prefetch(off, n int64) error {
	switch {
	case f == nil:
		return os.ErrInvalid
	case off < 0:
		return &os.PathError{Op: "prefetch", Path: f.f.Name(), Err: errNegativeOffset}
	case f.raw == nil || f.cannotTell.Load() || n <= 0:
		return nil
	}
	buf := scratch.Get().(*[prefetchStep]byte)
	defer scratch.Put(buf)
	for ; n > 0; off, n = off+prefetchStep, n-prefetchStep {
		c := newCall(f, &f.reading, buf[:min(n, prefetchStep)], off)
		got, err := c.control(prefetchOnDisk)
		if err != nil || got == 0 {
			return f.named("read", err)
		}
	}
	return nil
}

// prefetchOnDisk reads c.p, but for what seems to be in memory.
func prefetchOnDisk(c *call, fd int) {
	last := int64(len(c.p) - 1)
	n, err := readCached(fd, c.p[:1], c.off)
	if err == nil && n == 1 {
		n, err = readCached(fd, c.p[:1], c.off+last)
	}
	switch err {
	case errWouldWait:
		readOnDisk(c, fd)
	case errCannotTell:
		c.f.cannotTell.Store(true)
	default:
		c.n, c.err = n, err
	}
}
