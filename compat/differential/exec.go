package differential

import (
	"context"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// stuckAfter is how long a script may take before it is called stuck. An ordinary one takes a
// millisecond.
var stuckAfter = 10 * time.Second

// stuck begins the last line of a trace that does not come to its end.
const stuck = "STUCK in "

// executor runs one script in one world.
type executor struct {
	world   World
	network string
	dir     string // for socket files
	address string // where listen listens

	listener  Listener
	listening bool
	pairs     [maxPairs]*pair
	names     []named

	stopped atomic.Bool // the script is stuck and its connections were closed: nothing more is done

	mu    sync.Mutex // guards what the watchdog reads and closes
	trace []string
	doing string
	open  []net.Conn
}

// named is an address and what the trace calls it.
type named struct{ addr, name string }

// Run executes a script in a world and returns its trace, a line for each result. Use traces only
// to compare them: see [Compare].
func Run(w World, s Script) []string {
	x := &executor{world: w, network: s.Network}
	done := make(chan struct{})
	go func() {
		defer close(done)
		x.run(s)
	}()
	select {
	case <-done:
	case <-time.After(stuckAfter):
		x.mu.Lock()
		x.trace = append(x.trace, stuck+x.doing)
		open := x.open
		x.mu.Unlock()
		x.stopped.Store(true)
		for _, c := range open {
			c.Close()
		}
		// What goes on in the background uses descriptors by their numbers, which are the next
		// script's by then: it keeps that one's listener open for a moment longer.
		select {
		case <-done:
		case <-time.After(stuckAfter):
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.trace
}

// Compare runs a script in two worlds and returns a description of the first difference, or "".
func Compare(a, b World, s Script) string {
	ta, tb := Run(a, s), Run(b, s)
	for i := range max(len(ta), len(tb)) {
		la, lb := "(nothing)", "(nothing)"
		if i < len(ta) {
			la = ta[i]
		}
		if i < len(tb) {
			lb = tb[i]
		}
		// A script must also come to its end: what blocks on net too is a mistake of the model.
		if la != lb || strings.Contains(la, neverSettled) || strings.HasPrefix(la, stuck) {
			before := ""
			if i > 0 {
				before = "\n  after:      " + ta[i-1]
			}
			return fmt.Sprintf("result %d differs%s\n  %-11s %s\n  %-11s %s\nscript:\n%v", i, before, a.Name+":", la, b.Name+":", lb, s)
		}
	}
	return ""
}

func (x *executor) run(s Script) {
	if x.isUnix() {
		dir, err := os.MkdirTemp("", "differential-")
		if err != nil {
			x.note("temporary directory", err.Error())
			return
		}
		x.dir = dir
		defer os.RemoveAll(dir)
	}
	x.address = x.freshAddress()
	x.listen()
	for _, step := range s.Steps {
		if x.stopped.Load() {
			break
		}
		x.mu.Lock()
		x.doing = step.String()
		x.mu.Unlock()
		result := x.step(step)
		if result != skipped {
			x.note(step.String(), result)
		}
		x.eachEnd(x.settle)
		x.collect()
	}
	x.cleanUp()
}

// skipped is the result of a step that makes no sense in the state of things. It is not part of the
// trace.
const skipped = "skipped"

func (x *executor) step(s Step) string {
	op := operations[s.Op]
	if op.onWorld != nil {
		return op.onWorld(x, s)
	}
	if x.pairs[s.Pair] == nil { // the first step on a connection makes it
		x.note(fmt.Sprint("dial ", s.Pair), x.dial(s.Pair))
	}
	if p := x.pairs[s.Pair]; p != nil {
		return op.run(x, p.ends[s.End], s.N)
	}
	return skipped
}

// addressCount makes each script's listener address unique in the process. A port of its own would
// not be: closed connections keep theirs for a minute, and thousands of scripts run in that time.
var addressCount atomic.Uint32

func (x *executor) freshAddress() string {
	n := addressCount.Add(1)
	switch {
	case x.isUnix():
		return filepath.Join(x.dir, fmt.Sprint("s", n))
	case x.network == "tcp6":
		return "[::1]:0"
	}
	return fmt.Sprintf("127.%d.%d.%d:0", 1+os.Getpid()%200, n/200%250, 1+n%200)
}

func (x *executor) isUnix() bool  { return strings.HasPrefix(x.network, "unix") }
func (x *executor) packets() bool { return x.network == "unixpacket" }

func (x *executor) eachEnd(f func(*end)) {
	for _, p := range x.pairs {
		if p != nil {
			f(p.ends[0])
			f(p.ends[1])
		}
	}
}

// note adds a line to the trace.
func (x *executor) note(what, result string) {
	line := what + " = " + x.anonymous(result)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.trace = append(x.trace, line)
}

// anonymous replaces the addresses of this run by names that are the same in each run.
func (x *executor) anonymous(s string) string {
	for _, n := range x.names {
		s = strings.ReplaceAll(s, n.addr, n.name)
	}
	return s
}

func (x *executor) nameAddr(a net.Addr, name string) {
	s := a.String()
	if s == "" || s == "@" {
		return
	}
	x.names = append(x.names, named{s, name})
	// The longest first: port 4040 begins like port 40404.
	slices.SortStableFunc(x.names, func(a, b named) int { return len(b.addr) - len(a.addr) })
}

// result puts the outcome of reading or writing into words. The checksum stands for the bytes.
func result(n int, err error, data []byte) string {
	return fmt.Sprintf("%d (%08x), %s", n, crc32.ChecksumIEEE(data), Describe(err))
}

func (x *executor) listen() string {
	l, err := x.world.Listen(x.network, x.address)
	if err != nil {
		return Describe(err)
	}
	x.listener = l.(Listener)
	x.listening = true
	x.nameAddr(l.Addr(), "LISTENER")
	return fmt.Sprintf("listening on %s %s", l.Addr().Network(), l.Addr())
}

// cleanUp closes everything with a reset, so that no connection lingers in the kernel.
func (x *executor) cleanUp() {
	x.eachEnd(func(e *end) {
		if l, ok := e.conn.(interface{ SetLinger(int) error }); ok && !e.closed {
			l.SetLinger(0)
		}
		e.conn.Close()
		if e.parked != nil {
			<-e.parked.done
		}
	})
	if x.listener != nil {
		x.listener.Close()
	}
}

// dial makes a connection. The pair's older connection must be gone.
func (x *executor) dial(slot int) string {
	if x.listener == nil {
		return skipped
	}
	c, err := x.world.Dial(context.Background(), x.network, x.listener.Addr().String())
	if err != nil {
		return Describe(err)
	}
	s, err := x.listener.Accept()
	if err != nil {
		c.Close()
		return "accept: " + Describe(err)
	}
	x.mu.Lock()
	x.open = append(x.open, c, s)
	x.mu.Unlock()
	a, b := &end{conn: c.(Conn)}, &end{conn: s.(Conn)}
	a.name, b.name = fmt.Sprintf("%da", slot), fmt.Sprintf("%db", slot)
	a.peer, b.peer = b, a
	// One name for all: two connections can have the same port, one after the other
	x.nameAddr(c.LocalAddr(), "DIALER")
	if !x.isUnix() {
		a.fd, b.fd = findFD(c), findFD(s)
	}
	x.pairs[slot] = &pair{ends: [2]*end{a, b}}
	return fmt.Sprintf("%s->%s and %s->%s", addr(c.LocalAddr()), addr(c.RemoteAddr()), addr(s.LocalAddr()), addr(s.RemoteAddr()))
}
