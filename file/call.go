package file

import (
	"context"
	"errors"
	"os"
	"sync"
)

// atPosition as an offset is where the offset of the file is, which the call moves.
const atPosition = -1

// call is one call of a method on a file that may make requests. Between newCall and finish it
// belongs to the goroutine that makes the call.
type call struct {
	f      *File     // nil in ReadFile
	side   *deadline // nil in ReadFile
	device uint64    // where the file is
	p      []byte
	off    int64 // where p[n:] belongs, or atPosition
	n      int   // so much of p is done
	err    error
	run    func(c *call, fd int)

	plain      bool // a call was made that may wait
	cannotTell bool // the file system cannot tell whether a read would wait

	ctx context.Context // what interrupts it beside the deadline

	request request
	refused bool        // the kernel has cancelled a request: the rest is done by plain calls
	stop    func() bool // ends what ctx does to the request, or nil
	spoiled bool        // ctx may interrupt the request although the call is over

	// onControl and onLocked call run with a descriptor. They are made once, with the call.
	onControl func(fd uintptr)
	onLocked  func(fd uintptr) bool
}

var calls = sync.Pool{New: func() any {
	c := new(call)
	c.onControl = func(fd uintptr) { c.run(c, int(fd)) }
	c.onLocked = func(fd uintptr) bool {
		// After package os's lock of the direction, which raw access holds when it seeks.
		position := &c.f.position
		position.Lock()
		defer position.Unlock()
		c.run(c, int(fd))
		return true
	}
	return c
}}

func newCall(f *File, side *deadline, p []byte, off int64) *call {
	c := calls.Get().(*call)
	c.f, c.side, c.p, c.off = f, side, p, off
	c.n, c.err, c.ctx, c.refused = 0, nil, context.Background(), false
	c.plain, c.cannotTell = false, false
	if f != nil {
		c.device, c.cannotTell = f.device, f.cannotTell.Load()
	}
	return c
}

// control has run called with a descriptor that stays open meanwhile, and returns what the call
// came to.
func (c *call) control(run func(*call, int)) (int, error) {
	c.run = run
	return c.finish(c.f.raw.Control(c.onControl))
}

// locked is control where f's offset is used: such calls are served one after the other.
func (c *call) locked(run func(*call, int)) (int, error) {
	c.run = run
	if c.side == &c.f.reading {
		return c.finish(c.f.raw.Read(c.onLocked))
	}
	return c.finish(c.f.raw.Write(c.onLocked))
}

// finish ends the call. An error of access means that the file is closed.
func (c *call) finish(access error) (n int, err error) {
	n, err = c.n, c.err
	if access != nil {
		err = os.ErrClosed
	}
	c.f, c.side, c.p, c.ctx, c.run = nil, nil, nil, nil, nil
	if !c.spoiled {
		calls.Put(c)
	}
	return n, err
}

// add counts n bytes more.
func (c *call) add(n int, err error) {
	switch {
	case err == errRefused:
		return
	case err != nil:
		c.err = err
		return
	}
	c.n += n
	if c.off != atPosition {
		c.off += int64(n)
	}
}

// errCancelled is the error of a request that the kernel never had, or has cancelled: there was an
// interruption, or it has no memory.
var errCancelled = errors.New("the request was cancelled")

// errRefused says that a request came to nothing, and that a plain call is to be made.
var errRefused = errors.New("the kernel refuses the request")

// interruption is why the call must not go on, or nil.
func (c *call) interruption() error {
	if c.side != nil && c.side.over() {
		return os.ErrDeadlineExceeded
	}
	if c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	return nil
}

// begin comes before a request, which the deadline and the context interrupt from then on. It
// reports whether there can be one. If so endRequest follows it.
func (c *call) begin() bool {
	if c.refused || !c.request.reset(c.device) {
		return false
	}
	if c.side != nil {
		c.side.add(&c.request)
	}
	if c.ctx.Done() != nil {
		c.stop = context.AfterFunc(c.ctx, c.request.interrupt)
	}
	return true
}

// endRequest returns what a request came to. Bytes that have come beat an interruption.
func (c *call) endRequest(n int, err error) (int, error) {
	if c.side != nil {
		c.side.remove(&c.request)
	}
	if c.stop != nil {
		if !c.stop() {
			c.spoiled = true
		}
		c.stop = nil
	}
	if err != errCancelled {
		return n, err
	}
	if c.request.interrupted() {
		if err := c.interruption(); err != nil {
			return 0, err
		}
		return 0, os.ErrDeadlineExceeded // it was moved since
	}
	c.refused = true
	return 0, errRefused
}
