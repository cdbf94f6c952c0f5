package apitest

import (
	"errors"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"
)

// A bubble of testing/synctest has a clock of its own, which stands still while one of its
// goroutines waits for something from outside, such as a socket. Whatever a package keeps for the
// whole process must belong to no bubble.

// TestInBubbles guards that sockets work in bubbles, and across their borders, as package net's do:
// they wait by the real clock. Each scene is the first use of the package in its process, which is
// killed if it hangs.
func TestInBubbles(t *testing.T) {
	for _, m := range eachMode(t) {
		t.Run(m.name, func(t *testing.T) {
			begin(t)
			var wg sync.WaitGroup
			places := make(chan bool, 4)
			for scene := range bubbleScenes {
				wg.Go(func() {
					places <- true
					defer func() { <-places }()
					out, err := tryChild(t, "bubble", append(slices.Clone(m.env), sceneEnv+"="+scene)...)
					if err != nil || !strings.Contains(out, "PASS") {
						t.Errorf("%s: %v\n%s", scene, err, headOf(out))
					}
				})
			}
			wg.Wait()
		})
	}
}

// headOf shortens what a child has said when it failed.
func headOf(out string) string {
	lines := strings.SplitAfterN(out, "\n", 40)
	return strings.Join(lines[:min(len(lines), 39)], "")
}

func init() { children["bubble"] = bubbleChild }

// bubbleChild runs a scene as a test, of which the process has no other. It does not return.
func bubbleChild() error {
	scene, ok := bubbleScenes[os.Getenv(sceneEnv)]
	if !ok {
		return errors.New("no such scene")
	}
	all := func(pattern, name string) (bool, error) { return true, nil }
	run := func(t *testing.T) { scene(t, childWorld()) }
	testing.Main(all, []testing.InternalTest{{Name: "TestBubble", F: run}}, nil, nil)
	return nil
}

// realNow is a clock that is the same in all bubbles.
func realNow() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}

// bubbleDeadline is how far away the deadlines of the scenes are.
const bubbleDeadline = 50 * time.Millisecond

// mustTimeOutReally does something that waits until a deadline which set has moved to
// bubbleDeadline from now.
func mustTimeOutReally(t *testing.T, set func(time.Time) error, wait func() error) {
	t.Helper()
	start := realNow()
	check(t, set(time.Now().Add(bubbleDeadline)))
	if err := wait(); !isTimeout(err) {
		t.Errorf("ended with %v, want a timeout", err)
	}
	if passed := realNow() - start; passed < bubbleDeadline {
		t.Errorf("%v passed, want at least %v of the real clock", passed, bubbleDeadline)
	}
}

type timedListener interface {
	net.Listener
	deadliner
}

// sockets are a listener, and a connection whose peer is of the same world.
type sockets struct {
	l       timedListener
	c, peer stream
}

// newSockets makes them in the bubble that it is called in, if in any.
func newSockets(t *testing.T, w world) *sockets {
	t.Helper()
	l, err := w.listen("tcp", "127.0.0.1:0")
	check(t, err)
	c, peer := connect(t, l, w.maker)
	check(t, c.SetWriteBuffer(8<<10))
	check(t, peer.SetReadBuffer(16<<10))
	t.Cleanup(func() { l.Close() })
	return &sockets{l.(timedListener), c, peer}
}

func (s *sockets) close(t *testing.T) {
	t.Helper()
	check(t, errors.Join(s.l.Close(), s.c.Close(), s.peer.Close()))
}

func (s *sockets) read() error   { _, err := s.c.Read(make([]byte, 100)); return err }
func (s *sockets) write() error  { _, err := s.c.Write(make([]byte, drained)); return err }
func (s *sockets) accept() error { _, err := s.l.Accept(); return err }

// waits are the ways to wait, each with the deadline that it has.
func (s *sockets) waits() map[string]struct {
	set  func(time.Time) error
	wait func() error
} {
	return map[string]struct {
		set  func(time.Time) error
		wait func() error
	}{
		"Read":   {s.c.SetReadDeadline, s.read},
		"Write":  {s.c.SetWriteDeadline, s.write},
		"Accept": {s.l.SetDeadline, s.accept},
	}
}

// exchange sends something in both directions.
func (s *sockets) exchange(t *testing.T) {
	t.Helper()
	mustWrite(t, s.c, "ping")
	mustRead(t, s.peer, "ping")
	mustWrite(t, s.peer, "pong")
	mustRead(t, s.c, "pong")
}

// inBubble runs f in a bubble, and in the test that is of it.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// outside runs f in a goroutine of no bubble, which serves until the test is over.
func outside(t *testing.T) (run func(f func() error) error) {
	t.Helper()
	calls, results := make(chan func() error), make(chan error)
	go func() {
		for f := range calls {
			results <- f()
		}
	}()
	t.Cleanup(func() { close(calls) })
	return func(f func() error) error {
		calls <- f
		return <-results
	}
}
