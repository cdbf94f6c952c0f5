package differential

import (
	"fmt"
	"sync"
)

// pair is a connection: two ends in the same process.
type pair struct {
	ends [2]*end
}

// end is one side of a connection and what the executor knows of its state. The model does not
// predict results, it only decides whether an operation would block, and what must be on its way to
// the other side.
type end struct {
	name string // "0a"
	conn Conn
	peer *end

	fd        int  // TCP: the file descriptor, see settle.go
	closed    bool // Close was called
	writeShut bool // CloseWrite was called
	readShut  bool // CloseRead was called
	reset     bool // an RST has arrived, or has been sent
	sent      int  // bytes that Write took; packets, where the network has packets
	received  int  // bytes, or packets, that Read gave
	filled    int  // further bytes that were written and read; how many is not the same in each run

	readExpired  bool // the read deadline is in the past
	writeExpired bool
	parked       *parkedRead
}

// waiting is how many bytes (or packets) have been sent to e and not been read.
func (e *end) waiting() int { return e.peer.sent - e.received }

// finArrives reports whether the stream to e has an end.
func (e *end) finArrives() bool { return e.peer.closed || e.peer.writeShut }

// answers reports whether a read returns at once even if nothing is waiting.
func (e *end) answers() bool {
	return e.closed || e.readShut || e.reset || e.readExpired || e.finArrives()
}

// takesWrites reports whether a write of n bytes returns at once: it fails at once, or the buffers
// have room.
func (x *executor) takesWrites(e *end, n int) bool {
	if e.closed || e.writeExpired || e.reset || e.peer.closed || e.writeShut {
		return true
	}
	if x.packets() {
		return e.peer.waiting() < maxPackets
	}
	return e.peer.waiting()+n <= maxBytes
}

// quiet reports whether e is an open end of a connection in full order.
func (e *end) quiet() bool {
	return !e.closed && !e.writeShut && !e.readShut && !e.reset && !e.readExpired && !e.writeExpired && e.parked == nil
}

// parkedRead is a read that waits, in a goroutine of its own, for bytes up to an offset in the
// stream.
type parkedRead struct {
	until int // ends when received is this
	done  chan string

	mu       sync.Mutex
	progress *sync.Cond
	received int
	finished bool
}

// park starts a read of n bytes that would block.
func (x *executor) park(e *end, n int) {
	until := e.received + n
	if x.packets() {
		until = e.received + 1
	}
	p := &parkedRead{until: until, done: make(chan string, 1), received: e.received}
	p.progress = sync.NewCond(&p.mu)
	e.parked = p
	buf := make([]byte, n)
	go func() {
		got, err := x.readAll(e, buf, func(n int) {
			p.mu.Lock()
			p.received += x.units(n)
			p.mu.Unlock()
			p.progress.Broadcast()
		})
		p.mu.Lock()
		p.finished = true
		p.mu.Unlock()
		p.progress.Broadcast()
		p.done <- result(got, err, buf[:got])
	}()
}

// collect waits for parked reads: for those that must end, until they have; for the others, until
// they have read all that there is. Only then is the next step's outcome determined.
func (x *executor) collect() {
	x.eachEnd(func(e *end) {
		p := e.parked
		if p == nil {
			return
		}
		if e.answers() || e.peer.sent >= p.until {
			result := <-p.done
			e.parked = nil
			e.received = p.received
			x.note(fmt.Sprintf("parked read %s", e.name), result)
			return
		}
		p.mu.Lock()
		for !p.finished && p.received < e.peer.sent {
			p.progress.Wait()
		}
		e.received = p.received
		p.mu.Unlock()
	})
}
