package httpdir_test

import (
	"os"

	"golang.org/x/sys/unix"
)

// forget has the kernel drop what it has in memory of a file.
func forget(f *os.File) error {
	if err := f.Sync(); err != nil {
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
