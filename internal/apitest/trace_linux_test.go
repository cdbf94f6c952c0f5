package apitest

import (
	"bytes"
	"fmt"
	"net"
	"runtime/trace"
	"strings"
	"testing"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/testutil"
)

func init() { children["trace a wait"] = traceWaitChild }

// With URINGNET_TRACE an execution trace has the waits, and without it has not.
func TestTraceShowsWaits(t *testing.T) {
	begin(t)
	needSockets(t)
	for value, want := range map[string]string{"": "false", "0": "false", "1": "true"} {
		if got := child(t, "trace a wait", "URINGNET_TRACE="+value); got != want {
			t.Errorf("URINGNET_TRACE=%s: the wait is in the trace: %s, want %s", value, got, want)
		}
	}
}

// traceWaitChild prints whether the trace of an Accept that waited has a region for it.
func traceWaitChild() error {
	ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := trace.Start(&text); err != nil {
		return err
	}
	accepted := make(chan error, 1)
	go func() {
		c, err := ln.Accept()
		if err == nil {
			err = c.Close()
		}
		accepted <- err
	}()
	if !testutil.Poll(acceptWaits) {
		return fmt.Errorf("the Accept does not wait:\n%s", dump())
	}
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		return err
	}
	if err := <-accepted; err != nil {
		return err
	}
	trace.Stop()
	c.Close()
	fmt.Print(bytes.Contains(text.Bytes(), []byte("uringnet: wait in the poller")))
	return ln.Close()
}

func acceptWaits() bool {
	for _, g := range testutil.Goroutines() {
		if g.State == "IO wait" && strings.Contains(g.Stack, ").WaitReady(") {
			return true
		}
	}
	return false
}
