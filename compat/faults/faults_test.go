//go:build linux

package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestClassesOfErrors(t *testing.T) {
	for _, c := range []struct {
		op   string
		err  error
		want string
	}{
		{"read", io.EOF, "read: EOF"},
		{"read", io.ErrUnexpectedEOF, "read: unexpected EOF"},
		{"x", &net.OpError{Op: "write", Err: os.NewSyscallError("write", unix.EPIPE)}, "write: EPIPE"},
		{"x", &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, "read: timeout"},
		{"accept", net.ErrClosed, "accept: closed"},
		{"dial", fmt.Errorf("no route"), "dial: no route"},
	} {
		if got := class(c.op, c.err); got != c.want {
			t.Errorf("%v: class %q, want %q", c.err, got, c.want)
		}
	}
}

// An error is foreign if it is neither the fault's own nor one that package net gave.
func TestForeignErrors(t *testing.T) {
	f := &fault{gives: []string{"dial: EMFILE"}}
	onNet := &outcome{errors: map[string]int{"read: EOF": 1}}
	o := &outcome{errors: map[string]int{"dial: EMFILE": 3, "read: EOF": 2, "read: EINVAL": 4}}
	o.judge(f, onNet)
	if want := map[string]int{"read: EINVAL": 4}; !maps.Equal(o.foreign, want) || o.good() {
		t.Errorf("foreign errors %v, good: %v, want %v", o.foreign, o.good(), want)
	}
}

// Each figure of a cell makes the command fail.
func TestEachFigureCounts(t *testing.T) {
	if o := (&outcome{}); !o.good() {
		t.Error("an outcome without faults is not good")
	}
	for _, o := range []*outcome{
		{lost: 1}, {hung: 1}, {left: 1}, {foreign: map[string]int{"read: EINVAL": 1}}, {failed: io.EOF},
	} {
		rows := []row{{&faults[0], []*outcome{{}, o}}}
		if o.good() || (&table{[]string{"net", "io_uring"}, rows}).good() {
			t.Errorf("the outcome %v is good", o)
		}
	}
}

// Each fault has a name of its own, and a file of that name or of its kind.
func TestFaultsAreNamed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range slices.Concat(faults, lineFaults) {
		if seen[f.name] || f.inject == nil || f.what == "" {
			t.Errorf("the fault %q is there twice, or lacks something", f.name)
		}
		seen[f.name] = true
		kind, _, _ := strings.Cut(f.name, "-")
		if files, _ := filepath.Glob(kind + "*.go"); len(files) == 0 {
			t.Errorf("there is no file for the fault %s", f.name)
		}
	}
}

func TestTableGoesBetweenMarkers(t *testing.T) {
	file := filepath.Join(t.TempDir(), "doc.md")
	if err := os.WriteFile(file, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tab := &table{[]string{"net"}, []row{{&faults[0], []*outcome{{}}}}}
	if err := tab.writeInto(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	if !strings.HasPrefix(got, "before\n"+begin+"Linux ") || !strings.HasSuffix(got, "| 0 / 0 / 0 / 0 |\n"+end+"after\n") ||
		strings.Contains(got, "old") {
		t.Errorf("the file is now\n%s", got)
	}
	if err := tab.writeInto(os.Args[0]); err == nil {
		t.Error("a file without markers was written")
	}
}
