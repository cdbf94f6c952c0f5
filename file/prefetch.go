package file

import (
	"os"
	"sync"
)

// prefetchStep is how much is read at once.
const prefetchStep = 128 << 10

var scratch = sync.Pool{New: func() any { return new([prefetchStep]byte) }}

// Prefetch has the kernel read n bytes from an offset into memory, so that a sendfile(2) which
// follows does not hold its thread while the disk works. It returns when they are there, or at the
// end of the file. It does nothing where the file system cannot tell what is in memory, where
// memory is passed by (O_DIRECT), and where all calls are those of package os.
func (f *File) Prefetch(off, n int64) error {
	switch {
	case f == nil:
		return os.ErrInvalid
	case off < 0:
		return &os.PathError{Op: "prefetch", Path: f.f.Name(), Err: errNegativeOffset}
	case f.raw == nil || f.direct || f.cannotTell.Load() || n <= 0:
		return nil
	}
	buf := scratch.Get().(*[prefetchStep]byte)
	defer scratch.Put(buf)
	for ; n > 0; off, n = off+prefetchStep, n-prefetchStep {
		p := buf[:min(n, prefetchStep)]
		got, err := newCall(f, &f.reading, p, off).control(prefetchOnDisk)
		if err != nil || got < len(p) {
			return f.named("read", err)
		}
	}
	return nil
}

// prefetchOnDisk reads c.p, but for what is in memory already.
func prefetchOnDisk(c *call, fd int) {
	if c.request.isInMemory(fd, c.off, int64(len(c.p))) {
		c.n = len(c.p)
		return
	}
	readOnDisk(c, fd)
}
