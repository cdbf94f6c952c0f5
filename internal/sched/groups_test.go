//go:build linux

package sched

import (
	"testing"

	"golang.org/x/sys/unix"
)

// A worker that got no ring waits for a while before it tries again, and has one when there is one
// to be had. Its receives wait in the poller meanwhile.
func TestRingIsTriedAgain(t *testing.T) {
	w := &worker{patience: patience}
	withoutDescriptors(t, func() {
		if w.hasRing() {
			t.Fatal("there is a ring without a file descriptor for it")
		}
	})
	if next := w.nextTry.Load() - nanotime(); next <= 0 || next > int64(ringAgain) {
		t.Errorf("the next try is in %d ns", next)
	}
	if w.hasRing() {
		t.Error("it was tried again at once")
	}
	w.nextTry.Store(0) // a while later
	if !w.hasRing() {
		t.Error("there is no ring although there are descriptors again")
	}
}

// withoutDescriptors calls f while the process can open no file.
func withoutDescriptors(t *testing.T, f func()) {
	t.Helper()
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	none := was
	none.Cur = 0 // open files stay
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &was)
	f()
}
