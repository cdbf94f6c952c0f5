//go:build linux

package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// serving returns the address of a server that handles each connection by handle.
func serving(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return ln.Addr().String()
}

func openEcho(rate float64, conns int) workload.Workload {
	return workload.Workload{Kind: workload.Echo, Size: 64, Conns: conns, Depth: 1, Rate: rate}
}

// TestMain lets this binary be a load generator too, which has its process for itself: its thread
// does not tell the scheduler when it waits.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 || os.Args[1] != "load" {
		// A process that the race detector watches waits a second before it ends.
		os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
		os.Exit(m.Run())
	}
	var cfg Config
	err := json.Unmarshal([]byte(os.Args[2]), &cfg)
	var r Result
	if err == nil {
		r, err = Run(cfg)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(r)
}

// measureOpen runs a load generator against a server in this process.
func measureOpen(t *testing.T, addr string, w workload.Workload, window time.Duration) (r Result, err error) {
	t.Helper()
	cfg, err := json.Marshal(Config{Addr: addr, ServerPID: os.Getpid(), Work: w, Window: window, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "load", string(cfg))
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%w: %s", err, &complaint)
	}
	return r, json.Unmarshal(out, &r)
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
	r, err := measureOpen(t, addr, openEcho(rate, 1), window)
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
	r, err := measureOpen(t, addr, w, time.Duration(last))
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
	r, err := measureOpen(t, addr, w, stall)
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
	_, err := measureOpen(t, addr, openEcho(1000, 2), 100*time.Millisecond)
	if want := "answered what was not asked"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}
