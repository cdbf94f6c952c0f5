package file_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestBlocksAsWithOS compares O_NONBLOCK of what is no regular file. The poller takes no /dev/zero:
// what blocks there has to go on blocking.
func TestBlocksAsWithOS(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fifo, "/dev/zero", "/dev/null"} {
		for _, flag := range []int{os.O_RDWR, os.O_RDWR | unix.O_NONBLOCK} {
			f := opened(t, name, flag)
			byOS, err := os.OpenFile(name, flag, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer byOS.Close()
			if got, want := blocks(t, f), blocks(t, byOS); got != want {
				t.Errorf("%s, flags %#x: blocks: %t, by os %t", name, flag, got, want)
			}
			f.Fd()
			byOS.Fd()
			if got, want := blocks(t, f), blocks(t, byOS); got != want {
				t.Errorf("%s, flags %#x: blocks after Fd: %t, by os %t", name, flag, got, want)
			}
		}
	}
}

// blocks reports whether a descriptor blocks.
func blocks(t *testing.T, c syscall.Conn) (yes bool) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		if err != nil {
			t.Error(err)
		}
		yes = flags&unix.O_NONBLOCK == 0
	})
	if err != nil {
		t.Fatal(err)
	}
	return yes
}
