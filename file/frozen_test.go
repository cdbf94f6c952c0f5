//go:build linux

package file

import (
	"os"
	"path/filepath"
	"runtime"
	stdsync "sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/testutil"
)

// Of include/uapi/linux/fs.h: nothing is written to a file system until it is thawed.
const (
	freeze = 0xC0045877 // FIFREEZE
	thaw   = 0xC0045878 // FITHAW
)

// While threads are in calls that nothing interrupts, reads of another disk come to their end,
// whoever asked for them.
func TestReadBesideFrozen(t *testing.T) {
	needRing(t)
	forbidPlainReads(t)
	const readers, size = 20, 1 << 20
	name := filepath.Join(t.TempDir(), "file")
	must(os.WriteFile(name, make([]byte, readers*size), 0o600))
	f := openIn(t, cold, name, os.O_RDONLY)

	dir := mounted(t, "-o", "loop", ext4Image(t, 4<<20))
	root, err := os.Open(dir)
	must(err)
	defer root.Close()
	if err := unix.IoctlSetInt(int(root.Fd()), freeze, 0); err != nil {
		t.Skip(err)
	}
	var writers stdsync.WaitGroup
	defer func() {
		must(unix.IoctlSetInt(int(root.Fd()), thaw, 0))
		writers.Wait()
	}()

	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the thread that asks is the one that writes
	read := make(chan error, readers)
	for i := range readers {
		go func() {
			_, err := f.ReadAt(make([]byte, 10), int64(i*size))
			read <- err
		}()
		writers.Go(func() { os.WriteFile(filepath.Join(dir, "new"), []byte("x"), 0o600) })
	}
	if !testutil.Poll(func() bool { return len(read) == readers }) {
		t.Errorf("%d of %d reads have ended", len(read), readers)
	}
}
