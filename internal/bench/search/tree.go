//go:build linux

package search

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// perFolder is how many files a folder of a tree has.
const perFolder = 100

// names are the files of a tree.
func names(dir string, w workload.Workload) []string {
	names := make([]string, w.Files)
	for i := range names {
		names[i] = filepath.Join(dir, strconv.Itoa(i/perFolder), strconv.Itoa(i))
	}
	return names
}

// MakeTree makes the files that such work reads, and has them on the disk when it returns.
func MakeTree(dir string, w workload.Workload) error {
	const line = "all the world is hay, and all the men and women merely straws\n"
	data := bytes.Repeat([]byte(line), w.Size/len(line)+1)[:w.Size]
	for i, name := range names(dir, w) {
		if i%perFolder == 0 {
			if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
				return err
			}
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			return err
		}
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := unix.Syncfs(int(d.Fd())); err != nil {
		return fmt.Errorf("syncfs: %w", err)
	}
	return nil
}

// prepare has the contents of the files in memory, or not. Their names are, in any case: to drop
// those takes a privilege, and what other programs have in memory with them.
func prepare(names []string, cold bool) error {
	if !cold {
		for _, name := range names {
			if _, err := os.ReadFile(name); err != nil {
				return err
			}
		}
		return nil
	}
	for _, name := range names {
		if err := drop(name); err != nil {
			return err
		}
	}
	return nil
}

// drop has the kernel forget what it has in memory of a file's content.
func drop(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return os.NewSyscallError("fadvise", unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED))
}
