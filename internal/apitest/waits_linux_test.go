package apitest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/sched"
	"github.com/uringnet/uringnet/internal/testutil"
)

// Where a receive waits, on a ring or in the runtime's poller, depends on how many connections are
// at work; see sched.Placement. Most tests have a few connections, and so wait in the poller.

const waitEnv = "URINGNET_WAIT"

// receiveOnRings makes the receives of the test wait on the rings, where there are rings.
func receiveOnRings(t *testing.T) {
	t.Helper()
	if uringnet.Backend().Name != "io_uring" {
		return
	}
	before, err := sched.SetWait("ring")
	check(t, err)
	t.Cleanup(func() { sched.SetWait(before) })
}

// TestAllOnRings runs all tests again, in a process whose receives wait on the rings.
func TestAllOnRings(t *testing.T) {
	if testing.Short() || os.Getenv(waitEnv) != "" {
		t.Skip("-short, or " + waitEnv + " is set: this run is enough")
	}
	needRing(t)
	runAllAgain(t, waitEnv+"=ring")
}

// TestAllInPoller runs all tests again, in a process that has no rings.
func TestAllInPoller(t *testing.T) {
	if testing.Short() || os.Getenv(waitEnv) != "" || os.Getenv("URINGNET") != "" {
		t.Skip("-short, or the environment chooses already: this run is enough")
	}
	needSockets(t)
	runAllAgain(t, "URINGNET=poller")
}

func runAllAgain(t *testing.T, env string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.timeout=10m")
	cmd.Env = append(os.Environ(), env)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// needChoice skips a test whose receives choose where to wait, where the user of the test has
// chosen for them.
func needChoice(t *testing.T) {
	t.Helper()
	needRing(t)
	if env := os.Getenv(waitEnv); env != "" {
		t.Skip(waitEnv + "=" + env)
	}
	if sched.SQPoll() {
		t.Skip("URINGNET_SQPOLL is set")
	}
}

// TestCrowdMovesToRing: connections that are busy at the same time have turns and wait on a ring;
// one that is left alone waits in the poller again. With several Ps that also depends on how soon
// the peers answer, so this is a process with one.
func TestCrowdMovesToRing(t *testing.T) {
	needChoice(t)
	const onePEnv = "URINGNET_TEST_ONE_P"
	if os.Getenv(onePEnv) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), onePEnv+"=1", "GOMAXPROCS=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	begin(t)
	l := listen(t, onRing, "tcp")
	var peers []stream
	for range 32 {
		c, peer := connect(t, l, onNet)
		peers = append(peers, peer)
		go io.Copy(c, struct{ io.Reader }{c})
	}
	round := func(peers []stream) {
		for _, p := range peers {
			mustWrite(t, p, "x")
		}
		for _, p := range peers {
			mustRead(t, p, "x")
		}
	}
	// waits makes rounds, and returns how many Reads waited in the poller meanwhile and how many on
	// rings.
	waits := func(peers []stream) (inPoller, onRings uint64) {
		before := totals()
		for range 10 {
			round(peers)
		}
		after := totals()
		return after.Watched - before.Watched, after.CQEs - before.CQEs
	}
	eventually(t, "the crowd to leave the poller for a ring", func() bool {
		inPoller, onRings := waits(peers)
		return inPoller == 0 && onRings > 0
	})
	eventually(t, "one that is alone to come back", func() bool {
		inPoller, _ := waits(peers[:1])
		return inPoller >= 9
	})
}

// watchedByPoller counts the file descriptors that the runtime's poller watches: those of package
// net and the rings, too.
func watchedByPoller(t *testing.T) (n int) {
	t.Helper()
	for fd := range testutil.OpenFDs() {
		if number, link, _ := strings.Cut(fd, " "); link == "anon_inode:[eventpoll]" {
			n += len(watchedBy(t, number))
		}
	}
	return n
}

// TestCloseLeavesPoller: a socket that is closed is not watched any more, even if a duplicate keeps
// it open.
func TestCloseLeavesPoller(t *testing.T) {
	needSockets(t)
	begin(t)
	l := listen(t, onRing, "tcp")
	for range 10 {
		subject, peer := connect(t, l, onNet)
		before := watchedByPoller(t)
		interruptSmallRead(t, subject)
		interruptSmallRead(t, subject) // not on a ring any more
		if n := watchedByPoller(t); n != before+1 {
			t.Fatalf("the poller watches %d descriptors after a Read that waited, %d before", n, before)
		}
		raw, err := subject.SyscallConn()
		check(t, err)
		var dup int
		check(t, raw.Control(func(fd uintptr) { dup, err = unix.Dup(int(fd)) }))
		check(t, err)
		check(t, subject.Close())
		if n := watchedByPoller(t); n != before {
			t.Errorf("the poller watches %d descriptors after Close, %d before", n, before)
		}
		check(t, unix.Close(dup))
		check(t, peer.Close())
	}
}

// TestDataAndEnd: data and the end of the stream that come together are reported once by the
// poller. The Read after the data must not wait for more.
func TestDataAndEnd(t *testing.T) {
	begin(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the reader runs when all has come
	for _, network := range []string{"tcp", "unix"} {
		l := listen(t, onRing, network)
		for range size(100, 50) {
			subject, peer := connect(t, l, onNet)
			done := parked(t, func() error {
				data, err := io.ReadAll(subject)
				if err == nil && string(data) != "last words" {
					err = fmt.Errorf("read %q", data)
				}
				return err
			})
			mustWrite(t, peer, "last words")
			check(t, peer.Close())
			check(t, <-done)
			check(t, subject.Close())
		}
	}
}

// TestMixedReads: bytes that a call leaves in the socket are there for the next one, whatever kind
// of call the two are, and although the poller reports them once.
func TestMixedReads(t *testing.T) {
	begin(t)
	a, d := unixPair(t, "unix")
	read := func(n int) func() string {
		return func() string {
			b := make([]byte, n)
			n, err := a.Read(b)
			check(t, err)
			return string(b[:n])
		}
	}
	readMsg := func(n int) func() string {
		return func() string {
			b := make([]byte, n)
			n, _, _, _, err := a.ReadMsgUnix(b, nil)
			check(t, err)
			return string(b[:n])
		}
	}
	raw := func(n int) func() string {
		return func() (s string) {
			rc, err := a.SyscallConn()
			check(t, err)
			check(t, rc.Read(func(fd uintptr) bool {
				b := make([]byte, n)
				n, err := unix.Read(int(fd), b)
				s = string(b[:max(n, 0)])
				return err == nil
			}))
			return s
		}
	}
	kinds := []func(int) func() string{read, readMsg, raw}
	for range size(20, 5) {
		for _, first := range kinds {
			for _, second := range kinds {
				// The first call waits, and leaves three bytes.
				got := parked(t, first(3))
				mustWrite(t, d, "abcdef")
				if s := <-got; s != "abc" {
					t.Fatalf("%q", s)
				}
				if s := second(3)(); s != "def" {
					t.Fatalf("%q", s)
				}
				// A Read that timed out has seen the socket empty; what comes then is for the next
				// call.
				check(t, a.SetReadDeadline(soon()))
				mustTimeOut(t, result(a.Read(make([]byte, 1))))
				check(t, a.SetReadDeadline(never))
				mustWrite(t, d, "ghi")
				if s := first(1)() + second(1)() + read(1)(); s != "ghi" {
					t.Fatalf("%q", s)
				}
			}
		}
	}
}

// TestWaitPolicyChecked: a value that makes no sense leads to package net, which says so.
func TestWaitPolicyChecked(t *testing.T) {
	needRing(t)
	if out := child(t, "backend", waitEnv+"=nowhere"); !strings.Contains(out, waitEnv) || strings.Contains(out, "io_uring (") {
		t.Errorf("backend with a bad %s: %s", waitEnv, out)
	}
}

// watchedBy lists the file descriptors in an epoll set.
func watchedBy(t *testing.T, epfd string) []string {
	t.Helper()
	info, err := os.ReadFile(filepath.Join("/proc/self/fdinfo", epfd))
	check(t, err)
	var fds []string
	for line := range strings.Lines(string(info)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "tfd:" {
			fds = append(fds, f[1])
		}
	}
	return fds
}
