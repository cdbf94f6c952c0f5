//go:build linux

package sched

import (
	"fmt"
	"sync/atomic"
	"syscall"
)

// The states of a FileRequest.
//
//	idle    Nothing is asked for. Its owner queues it -> queued.
//	queued  The kernel has not seen it, and the memory is ours. The submitter of the disk takes it
//	        -> held. An interruption has the owner take it back -> done.
//	held    The kernel has the memory, until the completer of the disk reaps the completion, or the
//	        submitter learns that the kernel has not taken the request -> done.
//	done    The result waits, and the memory is ours. The owner takes it -> idle.
const (
	requestIdle uint32 = iota
	requestQueued
	requestHeld
	requestDone
)

var requestStateNames = [...]string{"idle", "queued", "held by the kernel", "done"}

// FileRequest is a read of a file by a Disk, and the goroutine that waits for it. Read is called by
// one goroutine at a time, the owner. It must live on the heap, and may be used again.
type FileRequest struct {
	// Written by the owner while idle, and read by the disk while queued.
	fd     int
	mem    []byte
	offset int64

	// state changes under Disk.mu, but for done -> idle. Done is stored after result is written,
	// and before fut is notified; the owner loads it before it waits for fut.
	state    atomic.Uint32
	result   int32
	userData uint64       // under Disk.mu while held
	prev     *FileRequest // in the queue; under Disk.mu while queued
	next     *FileRequest
	fut      Future

	// interrupted is stored before fut is notified; the owner loads it before it waits for fut.
	interrupted atomic.Bool
}

// Interrupt has the request taken back that is queued, or the next one. What the kernel holds comes
// to its end. Any goroutine may call it.
func (r *FileRequest) Interrupt() {
	r.interrupted.Store(true)
	r.fut.Notify()
}

// Interrupted reports whether Interrupt was called.
func (r *FileRequest) Interrupted() bool { return r.interrupted.Load() }

// Reset forgets an interruption, before the request is used for something else. Nobody may call
// Interrupt any more for what it was.
func (r *FileRequest) Reset() { r.interrupted.Store(false) }

// Read is pread(2) by a disk. It returns when the kernel is done with p. ECANCELED means that it
// never had it: there was an interruption, or the kernel takes no requests.
func (r *FileRequest) Read(d *Disk, fd int, p []byte, offset int64) (int, syscall.Errno) {
	if r.Interrupted() {
		return 0, syscall.ECANCELED
	}
	r.fd, r.mem, r.offset = fd, p, offset
	d.add(r)
	for r.state.Load() != requestDone {
		if r.Interrupted() && d.takeBack(r) {
			break
		}
		region := beginRegion(inFileRegion)
		r.fut.Wait()
		endRegion(region)
	}
	result := r.result
	r.mem = nil
	r.become(requestIdle, requestDone)
	if result < 0 {
		return 0, syscall.Errno(-result)
	}
	return int(result), 0
}

// complete stores the result of a request that is queued or held. Disk.mu is held.
func (r *FileRequest) complete(result int32, was uint32) {
	r.result = result
	r.become(requestDone, was)
}

// become makes a transition from the state that the request must be in.
func (r *FileRequest) become(next, was uint32) {
	if !r.state.CompareAndSwap(was, next) {
		panic(fmt.Sprintf("uringnet: a request about a file cannot become %s: it is %s",
			requestStateNames[next], requestStateNames[r.state.Load()]))
	}
}
