//go:build linux

package simulation

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/ring"
	"github.com/uringnet/uringnet/internal/sched"
)

// diskFaults are what a disk may do. Each can be left out.
type diskFaults struct {
	Short, Errors, Interrupts bool
}

// fileUser is a goroutine's way to requests about files: one at a time.
type fileUser struct {
	request sched.FileRequest
	call    *call // that has not returned, or nil
}

// fileCall is the part of a call that is about a file.
type fileCall struct {
	user        *fileUser
	number      int // of the user, and of the file
	offset      int64
	interrupted bool

	// What the kernel has had of it.
	submitted, cancelled int
	res                  int32 // the last result
	memory               []byte
}

func (call *call) String() string {
	if call.verb >= fileRead {
		return fmt.Sprintf("%s of f%d", verbNames[call.verb], call.file.number)
	}
	return fmt.Sprintf("%s of c%d", verbNames[call.verb], call.conn.number)
}

var errNoRing = errors.New("there is no ring")

// fileDevices is on how many devices the files are.
const fileDevices = 2

// Whatever the kernel does, a request about a file returns once, and after the kernel is done.
func TestFileSimulation(t *testing.T) { simulate(t, newFilePlan) }

// newFilePlan makes a plan of requests about files.
func newFilePlan(seed uint64) plan {
	p := newPlan(seed)
	r := rand.New(rand.NewPCG(seed, 7))
	p.setting.Conns, p.setting.Bare, p.setting.FileUsers, p.script = 0, false, 1+r.IntN(6), nil
	p.setting.Queue = max(p.setting.Queue, 2) // one entry is the bell's
	p.disk = diskFaults{r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(2) == 0}
	for range 5 + r.IntN(30) {
		s := step{conn: r.IntN(p.setting.FileUsers), n: 1 + r.IntN(100)}
		s.verb = []verb{fileRead, fileRead, fileRead, fileRead, fileInterrupt, fileInterrupt, threadEnd, settle}[r.IntN(8)]
		p.script = append(p.script, s)
	}
	return p
}

// doFile begins a call, or interrupts one. mu is held.
func (w *world) doFile(s step) {
	u := w.files[s.conn]
	switch {
	case s.verb == fileInterrupt && u.call != nil:
		u.call.file.interrupted = true
		u.request.Interrupt()
	case s.verb != fileInterrupt && u.call == nil:
		u.request.Reset()
		u.call = &call{verb: s.verb, buf: make([]byte, s.n), file: fileCall{user: u, number: s.conn, offset: int64(1000 * s.n)}}
		for i := range u.call.buf {
			u.call.buf[i] = byte(s.n + i)
		}
		u.call.file.memory = append([]byte(nil), u.call.buf...)
		w.calls = append(w.calls, u.call)
		go w.runFile(u.call)
	}
}

func (w *world) runFile(call *call) {
	defer func() { w.recovered(recover()) }()
	n, err := call.runFile()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ending {
		runtime.Goexit()
	}
	w.fileReturned(call, n, err)
}

// runFile makes the request again that was cancelled without an interruption, as package file would
// make a plain call.
func (call *call) runFile() (n int, err error) {
	r := &call.file.user.request
	for {
		d := sched.DiskOf(uint64(call.file.number % fileDevices))
		if d == nil {
			return 0, errNoRing
		}
		n, errno := r.Read(d, call.file.number, call.buf, call.file.offset)
		switch {
		case errno == 0:
			return n, nil
		case errno != syscall.ECANCELED && errno != syscall.EINTR || r.Interrupted():
			return n, errno
		}
	}
}

// callOf is the call that a request is made for, if it has not returned. mu is held.
func (w *world) callOf(q *request) *call {
	for _, call := range w.calls {
		if call.verb == fileRead && call.file.number == q.fd && addressOf(call.buf) == q.address && len(call.buf) == q.length {
			return call
		}
	}
	return nil
}

// fileRequest takes a request about a file. mu is held.
func (r *fakeRing) fileRequest(sqe []byte) {
	q := &request{
		userData: binary.NativeEndian.Uint64(sqe[32:]),
		fd:       int(int32(binary.NativeEndian.Uint32(sqe[4:]))),
		offset:   binary.NativeEndian.Uint64(sqe[8:]),
		address:  binary.NativeEndian.Uint64(sqe[16:]),
		length:   int(binary.NativeEndian.Uint32(sqe[24:])),
	}
	if q.bell = q.userData == ring.NoUserData; q.bell {
		r.forFiles = true
		r.requests = append(r.requests, q)
		return
	}
	q.try = true
	r.w.note("request %#x of file %d, %d bytes at %d", q.userData, q.fd, q.length, q.offset)
	call := r.w.callOf(q)
	if call == nil {
		r.w.failf("a request names memory that no call has lent")
		return
	}
	if f := &call.file; q.offset != uint64(f.offset) {
		r.w.failf("a request is for offset %d, want %d", q.offset, f.offset)
	} else if f.submitted++; f.submitted > f.cancelled+1 {
		r.w.failf("%s has made %d requests, of which %d were cancelled", call, f.submitted, f.cancelled)
	}
	r.requests = append(r.requests, q)
}

// attemptFile does what a request is for. mu is held.
func (r *fakeRing) attemptFile(at int) {
	q, w := r.requests[at], r.w
	if q.bell {
		var count [8]byte
		n, err := unix.Read(q.fd, count[:])
		if q.res = int32(n); err != nil {
			q.res = -int32(errnoOf(err))
		}
		r.isOver(at)
		return
	}
	call := w.callOf(q)
	q.try = false
	if call == nil {
		w.failf("the kernel has memory that is not its own any more: a call has returned")
		return
	}
	switch {
	case w.fault(w.plan.disk.Errors, 4):
		q.res = -int32([]syscall.Errno{syscall.EIO, syscall.ENODATA}[w.rng.IntN(2)])
	case w.fault(w.plan.disk.Interrupts, 4):
		q.res = -int32(syscall.EINTR)
	default:
		n := q.length
		if w.fault(w.plan.disk.Short, 3) {
			n = w.rng.IntN(n + 1)
		}
		q.res = int32(n)
		for i := range n {
			call.buf[i] = byte(w.rng.Uint32())
			call.file.memory[i] = call.buf[i]
		}
	}
	r.isOver(at)
}

// fileCompleted takes note of the end of a request. mu is held.
func (w *world) fileCompleted(q *request) {
	if q.bell {
		return
	}
	call := w.callOf(q)
	if call == nil {
		w.failf("a request ends after its call has returned")
		return
	}
	call.file.res = q.res
	if errno := syscall.Errno(-q.res); errno == syscall.ECANCELED || errno == syscall.EINTR {
		call.file.cancelled++
	}
}

// fileReturned checks what a call has returned. mu is held.
func (w *world) fileReturned(call *call, n int, err error) {
	f := &call.file
	w.note("%s returns %d, %v", call, n, err)
	w.calls = without(w.calls, call)
	f.user.call = nil
	for _, r := range w.rings {
		for _, q := range r.requests {
			if q.conn == nil && !q.bell && q.fd == f.number {
				w.failf("%s returns while the kernel has its memory", call)
			}
		}
	}
	withdrawn := f.interrupted && err == syscall.ECANCELED // the kernel never had it
	want, wantErr := int(f.res), error(nil)
	if f.res < 0 {
		want, wantErr = 0, syscall.Errno(-f.res)
	}
	switch {
	case err == errNoRing && w.plan.faults.NoRing:
	case !withdrawn && (n != want || err != wantErr):
		w.failf("%s returns %d, %v: the kernel has said %d, %v", call, n, err, want, wantErr)
	case (err == syscall.ECANCELED || err == syscall.EINTR) && !f.interrupted:
		w.failf("%s says that it is cancelled, and nobody has interrupted it", call)
	case string(f.memory) != string(call.buf):
		w.failf("the memory of %s is not what the kernel has written", call)
	}
}

// isStruck reports whether somebody has struck a bell.
func isStruck(bell int) bool {
	fds := []unix.PollFd{{Fd: int32(bell), Events: unix.POLLIN}}
	n, _ := unix.Poll(fds, 0)
	return n > 0
}
