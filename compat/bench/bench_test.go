//go:build linux

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench"
)

// TestMain lets this binary be the child processes of the benchmark too.
func TestMain(m *testing.M) {
	if isChild, err := child(os.Args[1:]); isChild {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailure)
		}
		os.Exit(exitOK)
	}
	// A process that the race detector watches waits a second before it ends; there are many
	// children here.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

// run is the command; it returns the exit code and what it wrote.
func run(t *testing.T, args string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = command(t.Context(), strings.Fields(args), &out, &errs)
	return code, out.String(), errs.String()
}

// TestSmoke runs each cell on each of its servers for a moment. All answers are right, and each
// server runs on what its name says.
func TestSmoke(t *testing.T) {
	t.Setenv("URINGNET", "auto")
	file := filepath.Join(t.TempDir(), "report.json")
	code, stdout, stderr := run(t, "-cells echo64/3,http/3,https/3,http2/2,proxy/3,open-echo64/3@500,fasthttp/3,redcon/3,grpc/2,websocket/3 "+
		"-servers net,uringnet,gnet,nbio,netpoll,epoll "+
		"-rounds 1 -seconds 0.05 -warmup 0.01 -format markdown -json "+file)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	r, err := bench.ReadReport(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Cells) != 10 {
		t.Errorf("%d cells, want 10", len(r.Cells))
	}
	backend := map[string]string{
		"net": "net", "epoll": "epoll",
		"gnet": "github.com/panjf2000/gnet/v2 v2.", "nbio": "github.com/lesismal/nbio v1.",
		"netpoll": "github.com/cloudwego/netpoll v0.",
	}
	for _, c := range r.Cells {
		want := 2
		switch c.Name {
		case "echo64/3", "open-echo64/3@500":
			want = 6
		case "http/3":
			want = 3 // epoll too
		}
		if len(c.Servers) != want {
			t.Errorf("%s: %d servers, want %d", c.Name, len(c.Servers), want)
		}
		for _, s := range c.Servers {
			if len(s.Rounds) != 1 || s.Rounds[0].Requests == 0 || s.Rounds[0].CPU <= 0 || s.Rounds[0].P99 < s.Rounds[0].P50 {
				t.Errorf("%s: %s measured %+v", c.Name, s.Name, s.Rounds)
			}
			if !strings.HasPrefix(s.Backend, backend[s.Name]) {
				t.Errorf("%s: %s ran on %q, want %q", c.Name, s.Name, s.Backend, backend[s.Name])
			}
			if s.Name == "uringnet" && !strings.HasPrefix(s.Backend, "io_uring (") && !strings.HasPrefix(s.Backend, "poller (") {
				t.Errorf("%s: uringnet ran on %q", c.Name, s.Backend)
			}
		}
	}
	for _, want := range []string{"| fasthttp/3 | net | ", "\n- net ran on: net\n", "\n- gnet ran on: github.com/panjf2000/gnet/v2 v2."} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the table lacks %q:\n%s", want, stdout)
		}
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); !errors.Is(err, unix.ECHILD) {
		t.Errorf("child process %d is left (%v)", pid, err)
	}
}

// TestWhole runs the cells of this command on package net's servers as `uringnet go` builds them.
// The command builds itself for that.
func TestWhole(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the frameworks anew")
	}
	t.Setenv("URINGNET", "auto")
	cells := "http/3,https/3,http2/2,proxy/3,fasthttp/3,redcon/3,grpc/2,websocket/3"
	file := filepath.Join(t.TempDir(), "report.json")
	code, _, stderr := run(t, "-cells "+cells+" -servers net,whole -rounds 1 -seconds 0.05 -warmup 0.01 -json "+file)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	r, err := bench.ReadReport(file)
	if err != nil {
		t.Fatal(err)
	}
	measured := 0
	for _, c := range r.Cells {
		for _, s := range c.Servers {
			if s.Name != "whole" {
				continue
			}
			measured++
			if len(s.Rounds) != 1 || s.Rounds[0].Requests == 0 {
				t.Errorf("%s: whole measured %+v", c.Name, s.Rounds)
			}
			if !strings.HasPrefix(s.Backend, "below package net: ") {
				t.Errorf("%s: whole ran on %q", c.Name, s.Backend)
			}
		}
	}
	if want := strings.Count(cells, ",") + 1; measured != want {
		t.Errorf("whole was measured in %d cells, want %d", measured, want)
	}
}

// TestFailure shows that a server that fails makes the command fail, in the server's own words, and
// that the others are measured all the same.
func TestFailure(t *testing.T) {
	code, stdout, stderr := run(t, "-cells redcon/2 -servers net,uringnet:URINGNET=poller,uringnet:URINGNET=nonsense,net@/nonexistent -rounds 1 -seconds 0.02 -warmup 0")
	if code != exitFailure {
		t.Errorf("exit code %d, want %d", code, exitFailure)
	}
	for _, want := range []string{"is not one of off, poller, require, auto", "no such file"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("standard error lacks %q:\n%s", want, stderr)
		}
	}
	for _, want := range []string{"\nnet ran on: net\n", "\nuringnet:URINGNET=poller ran on: poller ("} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the report lacks %q:\n%s", want, stdout)
		}
	}
}

func TestOptions(t *testing.T) {
	o, err := parse(strings.Fields("-cells grpc,redcon/7 -priority -servers net,gnet,uringnet@/tmp/old:URINGNET=poller -rounds 3 -seconds 0.5 "+
		"-warmup 0.1 -pin 0:1 -gomaxprocs 1 -json a.json -format summary"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.Rounds != 3 || o.Window != 500*time.Millisecond || o.Warmup != 100*time.Millisecond || o.GOMAXPROCS != 1 || !o.Priority ||
		o.JSON != "a.json" || o.Format != bench.Summary || !slices.Equal(o.Pin.Client, []int{1}) {
		t.Errorf("options are %+v", o)
	}
	if s := o.Servers[2]; s.Kind != "uringnet" || s.Binary != "/tmp/old" || !slices.Equal(s.Env, []string{"URINGNET=poller"}) {
		t.Errorf("the third server is %+v", s)
	}
	// The order is that of the table.
	if c := o.Cells; len(c) != 2 || c[0].Name != "redcon/7" || c[1].Name != "grpc/8" || c[1].Work.Depth != 16 {
		t.Errorf("cells are %+v", c)
	}
	if o.Runs("gnet", o.Cells[0].Work) || !o.Runs("net", o.Cells[0].Work) {
		t.Error("gnet would serve redcon's cell, or net would not")
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	for _, args := range []string{
		"-cells nonsense", "-cells redcon/0", "-cells redcon/x", "-servers iouring-go", "-servers net,net", "-pin 0",
		"-rounds 0", "-seconds 0", "-warmup -1", "-format svg", "surplus", "-nonsense",
	} {
		var stderr bytes.Buffer
		if _, err := parse(strings.Fields(args), &stderr); err == nil || errors.Is(err, flag.ErrHelp) || stderr.Len() == 0 {
			t.Errorf("%s: error %v, said %q", args, err, &stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	code, _, stderr := run(t, "-h")
	if code != exitOK || !strings.Contains(stderr, "websocket/64") || !strings.Contains(stderr, "netpoll") {
		t.Errorf("exit code %d:\n%s", code, stderr)
	}
}
