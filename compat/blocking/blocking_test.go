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

func slowSource(t *testing.T, rate int) *source {
	s, err := newSource(rate)
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
// them.
func TestFewThreads(t *testing.T) {
	s := slowSource(t, 2000)
	p := plan{Kind: "file", Name: s.name, Group: s.group, Goroutines: 1000, Reads: 2}
	if err := s.forget(); err != nil {
		t.Fatal(err)
	}
	r, err := inChild(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r)
	if uringnet.Backend().Name != "io_uring" {
		t.Skip("without io_uring package os reads")
	}
	if most := runtime.GOMAXPROCS(0) + 10; r.Threads > most || r.Workers > 0 {
		t.Errorf("%d threads, and %d of the kernel's; want at most %d, and none", r.Threads, r.Workers, most)
	}
}

// Both file servers send what was asked for, also what was not in memory.
func TestServers(t *testing.T) {
	s := slowSource(t, 20_000)
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
