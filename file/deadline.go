package file

import (
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// deadline is that of reading or of writing. It interrupts requests; a plain call comes to its end.
type deadline struct {
	// passed is stored under mu, before the requests are interrupted. A call loads it before it
	// begins; one that begins a request adds it under mu, and is interrupted then.
	passed atomic.Bool

	// mu guards what follows.
	mu       sync.Mutex
	moves    int         // how often it was set or cleared
	timer    *time.Timer // of the deadline that is set, or nil
	requests map[*request]struct{}
}

// over reports whether the deadline has passed.
func (d *deadline) over() bool { return d.passed.Load() }

// set moves the deadline to t; the zero time clears it. Its timer belongs to no testing/synctest
// bubble: it counts down by the real clock, as the disk works, and whoever closes the file stops
// it.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopTimer()
	d.passed.Store(false)
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.pass()
		return
	}
	move := d.moves
	unlessMoved := func(f func()) func() {
		return func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.moves == move {
				f()
			}
		}
	}
	outsideBubbles(unlessMoved(func() { d.timer = time.AfterFunc(left, unlessMoved(d.pass)) }))
}

// pass interrupts all requests. mu is held.
func (d *deadline) pass() {
	d.passed.Store(true)
	for r := range d.requests {
		r.interrupt()
	}
}

// stop ends the timer.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopTimer()
}

// stopTimer is called with mu held.
func (d *deadline) stopTimer() {
	d.moves++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// add has the deadline interrupt a request, at once if it has passed.
func (d *deadline) add(r *request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.requests == nil {
		d.requests = make(map[*request]struct{})
	}
	d.requests[r] = struct{}{}
	if d.passed.Load() {
		r.interrupt()
	}
}

// remove ends that: the deadline does not interrupt the request any more.
func (d *deadline) remove(r *request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.requests, r)
}

// SetDeadline sets the deadline of reads and writes; the zero time clears it. A call that begins
// after it, and a read that waits for its turn at the disk, fail with an error that is
// [os.ErrDeadlineExceeded] by errors.Is. What has begun comes to its end first, and is returned:
// the kernel does not let go of its memory before. Where all calls are those of package os the
// error is [os.ErrNoDeadline], as there.
func (f *File) SetDeadline(t time.Time) error {
	return f.setDeadline(t, (*os.File).SetDeadline, true, true)
}

// SetReadDeadline sets the deadline of reads; see [File.SetDeadline].
func (f *File) SetReadDeadline(t time.Time) error {
	return f.setDeadline(t, (*os.File).SetReadDeadline, true, false)
}

// SetWriteDeadline sets the deadline of writes and of Sync; see [File.SetDeadline].
func (f *File) SetWriteDeadline(t time.Time) error {
	return f.setDeadline(t, (*os.File).SetWriteDeadline, false, true)
}

func (f *File) setDeadline(t time.Time, byOS func(*os.File, time.Time) error, read, write bool) error {
	switch {
	case f == nil:
		return os.ErrInvalid
	case f.raw == nil:
		return byOS(f.f, t)
	}
	err := f.raw.Control(func(uintptr) {
		if read {
			f.reading.set(t)
		}
		if write {
			f.writing.set(t)
		}
	})
	if err != nil {
		return f.named("set deadline", os.ErrClosed)
	}
	return nil
}
