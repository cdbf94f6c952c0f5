package traces

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime/trace"
	"strings"
	"testing"

	reader "golang.org/x/exp/trace"

	"github.com/uringnet/uringnet"
)

// childEnv makes this binary a server that traces itself.
const childEnv = "URINGNET_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	if err := traced(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	conns = 32
	times = 50 // so often each connection asks; it takes a few until they are a crowd
)

// traced writes the trace of an echo server on uringnet, whose connections are at work together.
func traced(out io.Writer) error {
	ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	if err := trace.Start(out); err != nil {
		return err
	}
	defer trace.Stop()
	ended := make(chan error, 2*conns)
	for range conns {
		go func() { ended <- ask(ln.Addr().String()) }()
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			_, err := io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 64))
			ended <- err
		}()
	}
	var errs []error
	for range 2 * conns {
		errs = append(errs, <-ended)
	}
	return errors.Join(errs...)
}

func ask(addr string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	b := []byte("x")
	for range times {
		if _, err := c.Write(b); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, b); err != nil {
			return err
		}
	}
	return nil
}

// waits are what a trace says of the regions of one name.
type waits struct {
	begun, ended int
	parked       int // the goroutine waited within
}

func traceOf(t *testing.T, env ...string) map[string]waits {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(append(os.Environ(), childEnv+"=1"), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return regions(t, &stdout)
}

// regions reads a trace.
func regions(t *testing.T, text io.Reader) map[string]waits {
	t.Helper()
	r, err := reader.NewReader(text)
	if err != nil {
		t.Fatal(err)
	}
	found, within := map[string]waits{}, map[reader.GoID]string{}
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		switch ev.Kind() {
		case reader.EventRegionBegin:
			name := ev.Region().Type
			w := found[name]
			w.begun++
			found[name], within[ev.Goroutine()] = w, name
		case reader.EventRegionEnd:
			name := ev.Region().Type
			if within[ev.Goroutine()] != name {
				t.Errorf("goroutine %d ends %q within %q", ev.Goroutine(), name, within[ev.Goroutine()])
			}
			w := found[name]
			w.ended++
			found[name] = w
			delete(within, ev.Goroutine())
		case reader.EventStateTransition:
			st := ev.StateTransition()
			if st.Resource.Kind != reader.ResourceGoroutine {
				continue
			}
			name, ok := within[st.Resource.Goroutine()]
			if _, to := st.Goroutine(); ok && to == reader.GoWaiting {
				w := found[name]
				w.parked++
				found[name] = w
			}
		}
	}
}

// Where it is asked for, each wait is a region within which its goroutine is parked, and ends. In
// a crowd receives wait for the poller first, then for their turns, and on a ring.
func TestTraceShowsWhereCallsWait(t *testing.T) {
	if uringnet.Backend().Name == "net" {
		t.Skip("package net serves here, whose waits are not ours:", uringnet.Backend())
	}
	for place, env := range map[string][]string{
		"in the poller": {"URINGNET_WAIT=poller"},
		"on a ring":     {"URINGNET_WAIT=ring"},
	} {
		if place == "on a ring" && uringnet.Backend().Name != "io_uring" {
			continue // there are no rings here
		}
		found := traceOf(t, append(env, "URINGNET_TRACE=1")...)
		w := found["uringnet: wait "+place]
		t.Logf("%v: %+v", env, found)
		if w.begun == 0 || w.begun != w.ended || w.parked == 0 {
			t.Errorf("%v: waits %s: %+v; all must end, and some park", env, place, w)
		}
	}
}

func TestTraceShowsNothingUnasked(t *testing.T) {
	for name := range traceOf(t, "URINGNET_TRACE=") {
		if strings.HasPrefix(name, "uringnet") {
			t.Errorf("there is a region %q", name)
		}
	}
}
