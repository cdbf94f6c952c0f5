package differential

import (
	"fmt"
	"io"
	"time"
)

// operation is something a step can do. Exactly one of the functions is set.
type operation struct {
	weight  int                                     // how often it is chosen
	run     func(x *executor, e *end, n int) string // on an end of a connection
	onWorld func(x *executor, s Step) string        // on the listener, or to make a connection
}

// operations holds all of them by name. It is filled by init because the operations refer to it by
// way of the executor.
var operations map[string]operation

func init() {
	operations = map[string]operation{
		"dial":            {weight: 4, onWorld: dial},
		"listen":          {weight: 1, onWorld: listen},
		"close-listener":  {weight: 1, onWorld: closeListener},
		"accept-expired":  {weight: 1, onWorld: acceptExpired},
		"accept-closed":   {weight: 1, onWorld: acceptClosed},
		"close-accepting": {weight: 1, onWorld: closeAccepting},

		"write":       {weight: 14, run: write},
		"read":        {weight: 16, run: read},
		"close-write": {weight: 2, run: closeWrite},
		"close-read":  {weight: 1, run: closeRead},
		"close":       {weight: 3, run: closeEnd},
		"reset":       {weight: 2, run: resetEnd},
		"addresses":   {weight: 1, run: addresses},
		"set-option":  {weight: 1, run: setOption},

		"deadline-past":         {weight: 2, run: setDeadline(Conn.SetDeadline, past, true, true)},
		"deadline-clear":        {weight: 2, run: setDeadline(Conn.SetDeadline, never, true, true)},
		"deadline-future":       {weight: 1, run: setDeadline(Conn.SetDeadline, future, true, true)},
		"read-deadline-past":    {weight: 5, run: setDeadline(Conn.SetReadDeadline, past, true, false)},
		"read-deadline-clear":   {weight: 5, run: setDeadline(Conn.SetReadDeadline, never, true, false)},
		"read-deadline-future":  {weight: 2, run: setDeadline(Conn.SetReadDeadline, future, true, false)},
		"write-deadline-past":   {weight: 2, run: setDeadline(Conn.SetWriteDeadline, past, false, true)},
		"write-deadline-clear":  {weight: 2, run: setDeadline(Conn.SetWriteDeadline, never, false, true)},
		"write-deadline-future": {weight: 1, run: setDeadline(Conn.SetWriteDeadline, future, false, true)},
		"read-times-out":        {weight: 1, run: readTimesOut},

		"transfer":   {weight: 2, run: transfer},
		"duplex":     {weight: 2, run: duplex},
		"fill":       {weight: 1, run: fillUntilDeadline},
		"fill-close": {weight: 1, run: fillUntilClose},

		"copy-in":     {weight: 2, run: copyIn},
		"send-file":   {weight: 1, run: sendFile},
		"copy-out":    {weight: 2, run: copyOut},
		"splice":      {weight: 2, run: splice},
		"raw-control": {weight: 1, run: rawControl},
		"raw-read":    {weight: 1, run: rawRead},
		"raw-write":   {weight: 1, run: rawWrite},
		"file":        {weight: 1, run: file},
	}
	opNames = weighted(operations)
}

// pattern returns n bytes that continue the stream at an offset.
func pattern(offset, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte((offset + i) % 251) // a prime, so that no power of two hides a shift
	}
	return b
}

// units is by how much a transfer of n bytes moves the counts sent and received.
func (x *executor) units(n int) int {
	if x.packets() {
		return 1
	}
	return n
}

// readAll reads until buf is full, or one packet. It calls progress after each Read that gave
// something.
func (x *executor) readAll(e *end, buf []byte, progress func(n int)) (int, error) {
	got := 0
	for {
		n, err := e.conn.Read(buf[got:])
		got += n
		if n > 0 {
			progress(n)
		}
		if err != nil || got == len(buf) || x.packets() {
			return got, err
		}
	}
}

func read(x *executor, e *end, n int) string {
	if e.parked != nil {
		return skipped
	}
	want := n
	if x.packets() && n > 0 {
		want = 1
	}
	if e.waiting() < want && !e.answers() {
		x.park(e, n)
		return "parked"
	}
	buf := make([]byte, n)
	got, err := x.readAll(e, buf, func(n int) { e.received += x.units(n) })
	return result(got, err, buf[:got])
}

func readTimesOut(x *executor, e *end, n int) string {
	if e.parked != nil || n == 0 || e.waiting() > 0 || e.answers() {
		return skipped
	}
	e.conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	e.readExpired = true
	got, err := e.conn.Read(make([]byte, n))
	return result(got, err, nil)
}

func write(x *executor, e *end, n int) string {
	if !x.takesWrites(e, n) || x.packets() && n == 0 { // an empty packet reads as EOF
		return skipped
	}
	got, err := e.conn.Write(pattern(e.sent, n))
	x.wrote(e, got, err)
	return result(got, err, nil)
}

// wrote tells the model of n bytes written by e.
func (x *executor) wrote(e *end, n int, err error) {
	switch {
	case e.peer.closed && !x.isUnix() && n > 0:
		e.reset = true // the closed socket answers with an RST
	case e.peer.closed:
	case e.peer.readShut && e.peer.writeShut && !x.isUnix() && n > 0:
		e.reset, e.peer.reset = true, true // so does one that is shut both ways
	case x.packets():
		if err == nil {
			e.sent++
		}
	default:
		e.sent += n
	}
}

func closeWrite(x *executor, e *end, _ int) string {
	err := e.conn.CloseWrite()
	e.writeShut = e.writeShut || err == nil
	return Describe(err)
}

func closeRead(x *executor, e *end, _ int) string {
	err := e.conn.CloseRead()
	e.readShut = e.readShut || err == nil
	return Describe(err)
}

func closeEnd(x *executor, e *end, _ int) string {
	if x.packets() && e.waiting() > 0 && e.peer.parked != nil {
		// Here the kernel looks for the error and for the end in two steps: a reader that is about
		// to park can find either.
		return skipped
	}
	err := e.conn.Close()
	if !e.closed && e.waiting() > 0 {
		e.peer.reset = true // what was not read is lost: Linux tells the sender
	}
	e.closed = true
	return Describe(err)
}

func resetEnd(x *executor, e *end, _ int) string {
	l, ok := e.conn.(interface{ SetLinger(int) error })
	if !ok {
		return skipped
	}
	if err := l.SetLinger(0); err != nil {
		return Describe(err)
	}
	e.peer.reset = true
	return closeEnd(x, e, 0)
}

// The three deadlines that decide things without waiting.
var (
	past   = func() time.Time { return time.Unix(1, 0) }
	future = func() time.Time { return time.Now().Add(time.Hour) }
	never  = func() time.Time { return time.Time{} }
)

func setDeadline(set func(Conn, time.Time) error, when func() time.Time, reads, writes bool) func(*executor, *end, int) string {
	return func(x *executor, e *end, _ int) string {
		t := when()
		err := set(e.conn, t)
		if err == nil && reads {
			e.readExpired = t.Equal(past())
		}
		if err == nil && writes {
			e.writeExpired = t.Equal(past())
		}
		return Describe(err)
	}
}

func addresses(x *executor, e *end, _ int) string {
	return addr(e.conn.LocalAddr()) + "->" + addr(e.conn.RemoteAddr())
}

func setOption(x *executor, e *end, n int) string {
	switch tcp, ok := e.conn.(interface {
		SetNoDelay(bool) error
		SetKeepAlive(bool) error
		SetKeepAlivePeriod(time.Duration) error
	}); {
	case n%5 == 0 || !ok:
		return Describe(e.conn.SetReadBuffer(65536))
	case n%5 == 1:
		return Describe(e.conn.SetWriteBuffer(65536))
	case n%5 == 2:
		return Describe(tcp.SetNoDelay(false))
	case n%5 == 3:
		return Describe(tcp.SetKeepAlive(false))
	default:
		return Describe(tcp.SetKeepAlivePeriod(time.Minute))
	}
}

func file(x *executor, e *end, _ int) string {
	f, err := e.conn.File()
	if err != nil {
		return Describe(err)
	}
	return "file, " + Describe(f.Close())
}

// drained reads n bytes and reports whether they are the pattern from offset on.
func drained(r io.Reader, offset, n int) string {
	buf := make([]byte, n)
	if got, err := io.ReadFull(r, buf); err != nil {
		return fmt.Sprintf("only %d of the bytes that were written arrived: %s", got, Describe(err))
	}
	if string(buf) != string(pattern(offset, n)) {
		return "the bytes that arrived are not those that were written"
	}
	return "all bytes arrived"
}
