//go:build linux

package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
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

// measure runs a load generator against a server in this process.
func measure(t *testing.T, addr string, w workload.Workload, window time.Duration) (r Result, err error) {
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
