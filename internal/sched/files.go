//go:build linux

package sched

import (
	"sync/atomic"
	"syscall"

	"github.com/uringnet/uringnet/internal/ring"
)

// files is the worker of all requests about files. They have a ring of their own: that of sockets
// may open no file. One is enough, since what waits for a disk is seldom.
var files = newFiles()

func newFiles() *worker { return &worker{use: ring.Files, patience: patience} }

// EnsureFileRing makes the ring for requests about files if there is none, and reports whether
// there is one now. There may be none for want of memory, or because another goroutine is at it.
func EnsureFileRing() bool {
	if !files.hasRing() {
		files.ensureRing()
	}
	return files.hasRing()
}

// FileStats returns what the ring for files has done.
func FileStats() Stats { return files.stats() }

// FileRequest is a request about a file, and the goroutine that waits for it. Its methods that make
// requests are called by one goroutine at a time, after EnsureFileRing has reported a ring. Each
// returns when the kernel is done with the request, and with the memory that it names. It must live
// on the heap, and may be used again.
type FileRequest struct {
	// InWorker has the request begin in a thread of the kernel; see ring.InWorker. The goroutine
	// that makes requests sets it.
	InWorker bool

	op  Op
	fut Future

	// interrupted is stored before fut is notified; the waiting goroutine loads it before it waits
	// for fut.
	interrupted atomic.Bool
}

// Interrupt has the request cancelled that is under way, or the next one. What the kernel does for
// a regular file it may do to the end all the same. Any goroutine may call it.
func (r *FileRequest) Interrupt() {
	r.interrupted.Store(true)
	r.fut.Notify()
}

// Interrupted reports whether Interrupt was called.
func (r *FileRequest) Interrupted() bool { return r.interrupted.Load() }

// Reset forgets an interruption, before the request is used for something else. Nobody may call
// Interrupt any more for what it was.
func (r *FileRequest) Reset() { r.interrupted.Store(false) }

// Read is pread(2); at ring.AtFilePosition it is read(2).
func (r *FileRequest) Read(fd int, p []byte, offset int64) (int, syscall.Errno) {
	sqe := r.start(p)
	ring.PrepRead(sqe, int32(fd), p, uint64(offset))
	return r.await(sqe)
}

// Write is pwrite(2), or write(2).
func (r *FileRequest) Write(fd int, p []byte, offset int64) (int, syscall.Errno) {
	sqe := r.start(p)
	ring.PrepWrite(sqe, int32(fd), p, uint64(offset))
	return r.await(sqe)
}

// Sync is fsync(2), or fdatasync(2).
func (r *FileRequest) Sync(fd int, onlyData bool) syscall.Errno {
	sqe := r.start(nil)
	ring.PrepSync(sqe, int32(fd), onlyData)
	_, errno := r.await(sqe)
	return errno
}

// start stages an entry. The lock of the worker is held when it returns; await releases it.
func (r *FileRequest) start(mem []byte) *ring.SQE {
	r.op.fut = &r.fut
	_, sqe := r.op.startOn(files, mem)
	return sqe
}

// await has the request handed to the kernel, with others if there are, and parks until it is done.
// An interruption is said to the kernel once: a read that waits for a page is not found by a
// cancellation, and ends by itself.
func (r *FileRequest) await(sqe *ring.SQE) (int, syscall.Errno) {
	o := &r.op
	if r.InWorker {
		ring.InWorker(sqe)
	}
	files.submit(o, sqe)
	for cancelled := false; !o.Done(); {
		if r.Interrupted() && !cancelled {
			cancelled = true
			files.cancel(o)
			continue
		}
		region := beginRegion(inFileRegion)
		r.fut.Wait()
		endRegion(region)
	}
	result := o.Take()
	return result.N, result.Errno
}
