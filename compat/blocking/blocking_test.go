//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/uringnet/uringnet"
)

// TestMain lets this binary be the child processes too.
func TestMain(m *testing.M) {
	if text := os.Getenv(planEnv); text != "" {
		if err := child(text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func slowSource(t *testing.T, rate, queue int) *source {
	s, err := newSource(rate, queue)
	if errors.Is(err, errNotHere) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// However many goroutines wait for the disk, the process has few threads, and the kernel none for
// them, also where the queue of the disk is full.
func TestFewThreads(t *testing.T) {
	for _, queue := range []int{0, 4} {
		t.Run(fmt.Sprintf("queue of %d", queue), func(t *testing.T) { fewThreads(t, queue) })
	}
}

func fewThreads(t *testing.T, queue int) {
	s := slowSource(t, 2000, queue)
	p := plan{Kind: "file", Name: s.name, Group: s.group, Goroutines: 1000, Reads: 2}
	if err := s.forget(); err != nil {
		t.Fatal(err)
	}
	r, err := readOnce(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if uringnet.Backend().Name != "io_uring" {
		t.Skip("without io_uring package os reads")
	}
	if most := runtime.GOMAXPROCS(0) + 10; r.threads > most || r.workers > 0 {
		t.Errorf("%d threads, and %d of the kernel's; want at most %d, and none", r.threads, r.workers, most)
	}
}

// Both file servers send what was asked for, also what was not in memory.
func TestServers(t *testing.T) {
	s := slowSource(t, 20_000, 0)
	for _, kind := range kinds {
		if err := s.forget(); err != nil {
			t.Fatal(err)
		}
		r, err := serveOnce(plan{Kind: kind, Name: s.mounted, Group: s.group, Goroutines: 8})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", r)
	}
}
