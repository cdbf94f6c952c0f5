//go:build linux

package ring

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// newFileRing makes a ring for files, and locks the test to its thread.
func newFileRing(t *testing.T) *Ring {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	return newOrFatal(t, Config{Use: Files, SQEntries: 8, CQEntries: 16, Wait: syscallThatWaits})
}

func syscallThatWaits(trap, a1, a2, a3, a4, a5, a6 uintptr) (uintptr, syscall.Errno) {
	r, _, errno := syscall.Syscall6(trap, a1, a2, a3, a4, a5, a6)
	return r, errno
}

// A ring for files reads, and its thread waits for what is not there yet, or for a bell.
func TestFileRingsWork(t *testing.T) {
	needRings(t)
	r := newFileRing(t)
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("some text"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, buf := int32(f.Fd()), make([]byte, 16)
	if res := result(t, r, func(sqe *SQE) { PrepRead(sqe, fd, buf, 5) }); res != 4 || string(buf[:4]) != "text" {
		t.Errorf("a read gives %d, %q", res, buf)
	}
	if res := result(t, r, func(sqe *SQE) { PrepRead(sqe, fd, buf, 9) }); res != 0 {
		t.Errorf("a read at the end gives %d", res)
	}

	bell, err := NewBell()
	if err != nil {
		t.Fatal(err)
	}
	defer bell.Close()
	for range 3 {
		sqe, _ := r.SQ.Next()
		bell.PrepHear(sqe)
		r.SQ.Publish()
		go bell.Strike()
		for r.CQ.Empty() {
			if errno := r.EnterAndWait(r.SQ.Unconsumed()); errno != 0 && errno != syscall.EINTR {
				t.Fatal(errno)
			}
		}
		var cqes [2]CQE
		if n := r.CQ.Reap(cqes[:]); n != 1 || cqes[0].UserData != NoUserData || cqes[0].Res != 8 {
			t.Fatalf("%d completions, the first %+v", n, cqes[0])
		}
	}
}

// What the kernel has not taken can be taken back.
func TestTakeBack(t *testing.T) {
	needRings(t)
	r := newFileRing(t)
	for round := range 3 {
		for range 5 {
			sqe, _ := r.SQ.Next()
			PrepRead(sqe, -1, make([]byte, 1), 0)
		}
		r.SQ.Publish()
		if n := r.SQ.TakeBack(); n != 5 || r.SQ.Unconsumed() != 0 || r.SQ.Staged() != 0 {
			t.Fatalf("round %d: %d entries were taken back, %d are left, %d are staged", round, n, r.SQ.Unconsumed(), r.SQ.Staged())
		}
		if res := result(t, r, func(sqe *SQE) { PrepRead(sqe, -1, make([]byte, 1), 0) }); res != -int32(unix.EBADF) {
			t.Errorf("a read of no file gives %d", res)
		}
	}
}
