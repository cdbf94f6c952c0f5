package file_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestReadOfWhatIsThere reads a regular file that has no end: a read waits if there is nothing.
func TestReadOfWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tracefs", dir, "tracefs", 0, ""); err != nil {
		t.Skip(err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	instance := filepath.Join(dir, "instances", "uringnet-test")
	if err := os.Mkdir(instance, 0o700); err != nil {
		t.Skip(err)
	}
	defer os.Remove(instance)
	f := opened(t, filepath.Join(instance, "trace_pipe"), os.O_RDONLY)
	defer f.Close()
	mark := func() {
		if err := os.WriteFile(filepath.Join(instance, "trace_marker"), []byte("hello"), 0); err != nil {
			t.Fatal(err)
		}
	}
	mark()
	read := make(chan int)
	go func() {
		n, _ := f.Read(make([]byte, 1000))
		read <- n
	}()
	select {
	case <-read:
	case <-time.After(5 * time.Second):
		t.Error("it waits for more")
		for {
			mark() // until it has enough
			select {
			case <-read:
				return
			default:
			}
		}
	}
}
