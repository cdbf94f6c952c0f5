package file_test

import (
	"bytes"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/choice"
	"github.com/uringnet/uringnet/internal/sched"
)

// TestDirectReadIsARequest: preadv2(2) of such a file waits for the disk, RWF_NOWAIT or not.
func TestDirectReadIsARequest(t *testing.T) {
	if choice.Chosen().Name != choice.IOUring {
		t.Skip("no requests here")
	}
	const size = 8 << 10
	want := content(size)
	name := written(t, want)
	if fd, err := unix.Open(name, unix.O_RDONLY|unix.O_DIRECT, 0); err != nil {
		t.Skipf("no O_DIRECT here: %v", err)
	} else {
		unix.Close(fd)
	}
	f := opened(t, name, os.O_RDONLY|unix.O_DIRECT)
	got, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(got)
	if err := f.Sync(); err != nil { // or the read would have to wait for that
		t.Fatal(err)
	}
	before := sched.FileStats().Submissions
	if n, err := f.ReadAt(got, 0); n != size || err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if sched.FileStats().Submissions == before {
		t.Error("it was a plain call")
	}
}
