package apitest

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/sched"
)

// needRing skips a test that is about the rings where there are none. Where the kernel has them and
// nobody has asked for package net, that they are missing is a failure.
func needRing(t *testing.T) {
	t.Helper()
	if uringnet.Backend().Name == "io_uring" {
		return
	}
	if env := os.Getenv("URINGNET"); env == "off" || env == "poller" {
		t.Skip("URINGNET=" + env)
	}
	if os.Getenv(waitEnv) == "poller" {
		t.Skip(waitEnv + "=poller")
	}
	needLinked(t)
	if err := probeKernel(); err != nil {
		t.Skip(err)
	}
	t.Fatalf("the kernel has io_uring, but the backend is %v", uringnet.Backend())
}

// TestOnRing fails where the kernel has io_uring and the tests run on something else.
func TestOnRing(t *testing.T) {
	needRing(t)
	t.Log(uringnet.Backend())
}

// needLinked skips a test that cannot be where package net serves because of how it was built.
func needLinked(t *testing.T) {
	t.Helper()
	if !sched.Linked {
		t.Skip("built without access to the runtime")
	}
}

// needSockets skips a test that is about the sockets of this package where package net serves.
func needSockets(t *testing.T) {
	t.Helper()
	needLinked(t)
	switch {
	case uringnet.Backend().Name != "net":
	case os.Getenv("URINGNET") == "off":
		t.Skip("URINGNET=off")
	default:
		t.Fatalf("the backend is %v", uringnet.Backend())
	}
}

// TestRingFileDescriptors: a process has no ring before Reads wait on one, and no more than one for
// each group of Ps afterwards.
func TestRingFileDescriptors(t *testing.T) {
	needRing(t)
	child(t, "rings")
}

func init() { children["rings"] = ringsChild }

func ringsChild() error {
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	exchange := func() error {
		d, err := uringnet.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		defer d.Close()
		a, err := l.Accept()
		if err != nil {
			return err
		}
		defer a.Close()
		go d.Write([]byte("x"))
		_, err = a.Read(make([]byte, 1))
		return err
	}
	if err := exchange(); err != nil {
		return err
	}
	if n := openRings(); n != 0 && os.Getenv(waitEnv) == "" && os.Getenv("URINGNET_SQPOLL") == "" {
		return fmt.Errorf("%d rings for one connection", n)
	}
	if _, err := sched.SetWait("ring"); err != nil {
		return err
	}
	for range 100 {
		if err := exchange(); err != nil {
			return err
		}
	}
	if n := openRings(); n == 0 || n > len(uringnet.ReadStats().Rings) {
		return fmt.Errorf("%d rings for %d groups of Ps", n, len(uringnet.ReadStats().Rings))
	}
	return nil
}

// TestRingStats: traffic shows in the counters, and nothing goes wrong in it.
func TestRingStats(t *testing.T) {
	needRing(t)
	receiveOnRings(t)
	begin(t)
	before := uringnet.ReadStats()
	a, d := tcpPair(t)
	check(t, transfer(a, d, 1<<20, 64<<10))
	a, d = tcpPair(t) // which is no stream, that would wait in the poller
	mustWrite(t, d, "x")
	mustRead(t, a, "x")
	blocked := parked(t, func() ioResult { return result(a.Read(make([]byte, 1))) })
	during := uringnet.ReadStats().Total()
	check(t, a.Close())
	mustBeClosed(t, "Read", (<-blocked).err)
	after, was := uringnet.ReadStats().Total(), before.Total()
	if after.Submissions <= was.Submissions || after.Enters <= was.Enters || after.CQEs <= was.CQEs || after.Batches <= was.Batches {
		t.Errorf("counters stand still: %+v, before %+v", after, was)
	}
	if during.InFlight == 0 {
		t.Error("a Read is blocked, and no operation is in flight")
	}
	if after.Overflows > was.Overflows {
		t.Errorf("%d overflows", after.Overflows-was.Overflows)
	}
}

// TestRingsAreReused: sockets come and go, the rings and their memory stay as many as they are.
func TestRingsAreReused(t *testing.T) {
	needRing(t)
	receiveOnRings(t)
	begin(t)
	round := func() {
		srv := serve(t, &http.Server{Handler: http.HandlerFunc(echoBody)})
		c := dialTo(t, srv)
		mustWrite(t, c, "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi")
		if got := <-readAll(c); !strings.HasSuffix(string(got), "\r\n\r\nhi") {
			t.Errorf("response %q", got)
		}
	}
	for range 5 {
		round()
	}
	count := func() string {
		maps, err := os.ReadFile("/proc/self/maps")
		check(t, err)
		return fmt.Sprintf("%d rings, %d mappings", len(uringnet.ReadStats().Rings), strings.Count(string(maps), "io_uring"))
	}
	before := count()
	for range 50 {
		round()
	}
	if after := count(); after != before {
		t.Errorf("%s, and then %s", before, after)
	}
}
