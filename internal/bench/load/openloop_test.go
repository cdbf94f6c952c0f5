//go:build linux

package load

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

func openEcho(rate float64, conns int) workload.Workload {
	return workload.Workload{Kind: workload.Echo, Size: 64, Conns: conns, Depth: 1, Rate: rate}
}

const stall = 50 * time.Millisecond

// A server that stalls makes all requests late that were due meanwhile, and not only the one that
// found it stalling.
func TestStallIsInTheLatency(t *testing.T) {
	addr := serving(t, func(c net.Conn) {
		buf := make([]byte, 64)
		for answers := 0; ; answers++ {
			if _, err := io.ReadFull(c, buf); err != nil {
				return
			}
			if answers == 20 {
				time.Sleep(stall) // the stall is what is measured
			}
			if _, err := c.Write(buf); err != nil {
				return
			}
		}
	})
	const rate, window = 1000, 200 * time.Millisecond
	r, err := measure(t, addr, openEcho(rate, 1), window)
	if err != nil {
		t.Fatal(err)
	}
	if least := micros(int64(stall)); r.Max < least {
		t.Errorf("the greatest latency is %v us, want at least the stall, %v us", r.Max, least)
	}
	// About 50 of 200 requests were due during the stall. A closed loop would have one.
	if least := micros(int64(stall)) / 2; r.P99 < least {
		t.Errorf("p99 is %v us, want at least %v us: those behind the first waited too", r.P99, least)
	}
	want := uint64(len(drawn(openEcho(rate, 1), 1, window)))
	if r.Requests != want {
		t.Errorf("%d requests were answered, want the %d that were due", r.Requests, want)
	}
	if r.LateP99 <= 0 {
		t.Errorf("the load generator was %v us late", r.LateP99)
	}
}

// The server answers nothing until it has several requests, so they must have been sent without
// waiting for answers.
func TestRequestsArePipelined(t *testing.T) {
	const together = 5
	addr := serving(t, func(c net.Conn) {
		buf := make([]byte, 64*together)
		if _, err := io.ReadFull(c, buf[:64]); err != nil { // of the set-up
			return
		}
		for n := 64; ; n = len(buf) {
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
			if _, err := io.ReadFull(c, buf); err != nil {
				return
			}
		}
	})
	// The window has a multiple of those requests, so that none stays without an answer.
	w := openEcho(1000, 1)
	a := newArrivals(w, 1)
	for range 20 * together {
		a.next()
	}
	last := a.next().at
	r, err := measure(t, addr, w, time.Duration(last))
	if err != nil {
		t.Fatal(err)
	}
	if want := uint64(20 * together); r.Requests != want {
		t.Errorf("%d requests, want %d", r.Requests, want)
	}
}

// What the socket does not take is kept and sent later, in order.
func TestFullSocketIsWaitedFor(t *testing.T) {
	addr := serving(t, func(c net.Conn) {
		buf := make([]byte, 1<<20)
		if _, err := io.ReadFull(c, buf); err != nil { // of the set-up
			return
		}
		if _, err := c.Write(buf); err != nil {
			return
		}
		io.Copy(c, c)
	})
	w := openEcho(400, 1)
	w.Size = 1 << 20
	r, err := measure(t, addr, w, stall)
	if err != nil {
		t.Fatal(err)
	}
	if want := uint64(len(drawn(w, 1, stall))); r.Requests != want || want < 10 {
		t.Errorf("%d requests were answered, want %d", r.Requests, want)
	}
}

func TestAnswerThatWasNotAskedFor(t *testing.T) {
	addr := serving(t, func(c net.Conn) {
		buf := make([]byte, 64)
		for {
			if _, err := io.ReadFull(c, buf); err != nil {
				return
			}
			if _, err := c.Write(append(buf, buf...)); err != nil {
				return
			}
		}
	})
	_, err := measure(t, addr, openEcho(1000, 2), 100*time.Millisecond)
	if want := "answered what was not asked"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}
