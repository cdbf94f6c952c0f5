package uringnet_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/uringnet/uringnet"
)

// needRing skips a test that is about the rings where there are none. Where the kernel has them and nobody has asked for package
// net, that they are missing is a failure.
func needRing(t *testing.T) {
	t.Helper()
	if uringnet.Backend().Name == "io_uring" {
		return
	}
	if os.Getenv("URINGNET") == "off" {
		t.Skip("URINGNET=off")
	}
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

// TestRingFileDescriptors: the process has rings, no more than it has had processors, and the runtime's poller watches them
// and none of the sockets.
func TestRingFileDescriptors(t *testing.T) {
	needRing(t)
	receiveOnRings(t)
	begin(t)
	l := listen(t, onRing, "tcp")
	ul := listen(t, onRing, "unix")
	var blocked []<-chan ioResult
	for range 10 {
		for _, x := range []interface {
			stream
		}{first(connect(t, l, onRing)), first(connect(t, ul, onRing))} {
			blocked = append(blocked, parked(t, func() ioResult { return result(x.Read(make([]byte, 1))) }))
			t.Cleanup(func() { x.Close() })
		}
	}
	accepts := parked(t, func() error { _, err := l.Accept(); return err })

	links := map[string]string{}
	rings := 0
	for fd := range openFDs() {
		n, link, _ := strings.Cut(fd, " ")
		links[n] = link
		if link == "anon_inode:[io_uring]" {
			rings++
		}
	}
	if most := max(runtime.GOMAXPROCS(0), len(uringnet.ReadStats().Rings)); rings == 0 || rings > most {
		t.Errorf("%d rings open, want 1 to %d", rings, most)
	}
	for n, link := range links {
		if link != "anon_inode:[eventpoll]" {
			continue
		}
		for _, watched := range watchedBy(t, n) {
			if strings.HasPrefix(links[watched], "socket:") {
				t.Errorf("epoll watches fd %s, %s", watched, links[watched])
			}
		}
	}
	check(t, l.Close())
	mustBeClosed(t, "Accept", <-accepts)
	for _, b := range blocked {
		if len(b) > 0 {
			t.Errorf("a Read has returned: %v", <-b)
		}
	}
}

func first[A, B any](a A, _ B) A { return a }

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

// TestRingStats: traffic shows in the counters, and nothing goes wrong in it.
func TestRingStats(t *testing.T) {
	needRing(t)
	receiveOnRings(t)
	begin(t)
	before := uringnet.ReadStats()
	a, d := tcpPair(t)
	check(t, transfer(a, d, 1<<20, 64<<10))
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
	for i, r := range uringnet.ReadStats().Rings {
		if r.BuffersInUse > r.Buffers {
			t.Errorf("ring %d: %d of %d buffers in use", i, r.BuffersInUse, r.Buffers)
		}
	}
}

// TestRingsAreReused: sockets come and go, the rings and their memory stay as many as they are.
func TestRingsAreReused(t *testing.T) {
	needRing(t)
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
