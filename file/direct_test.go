//go:build linux

package file

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
)

// pages is memory that begins with a page.
func pages(t *testing.T, n int) []byte {
	t.Helper()
	mem, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(mem) })
	return mem
}

// openDirect opens a file of some pages with O_DIRECT by both packages.
func openDirect(t *testing.T, size int) (byOS *os.File, ours *File) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "direct")
	must(os.WriteFile(name, pattern(size, 1), 0o600))
	byOS, err := os.OpenFile(name, os.O_RDWR|unix.O_DIRECT, 0)
	if err != nil {
		t.Skip(err) // not every file system has it
	}
	t.Cleanup(func() { byOS.Close() })
	ours, err = OpenFile(name, os.O_RDWR|unix.O_DIRECT, 0)
	must(err)
	t.Cleanup(func() { ours.Close() })
	return byOS, ours
}

// A read with O_DIRECT waits for the disk always, and is a request where it may not.
func TestDirectReadIsRequest(t *testing.T) {
	needRing(t)
	forbidPlainReads(t)
	const size = 64 << 10
	_, f := openDirect(t, size)
	if f.cannotTell.Load() {
		t.Skip("this file system cannot tell whether a read would wait, so all are plain calls")
	}
	buf := pages(t, size)
	for _, read := range []struct {
		name string
		read func() (int, error)
	}{
		{"ReadAt", func() (int, error) { return f.ReadAt(buf, 0) }},
		{"Read", func() (int, error) { return f.Read(buf) }},
	} {
		before := sched.ReadFileStats().Submissions
		n, err := read.read()
		if n != size || err != nil || !bytes.Equal(buf, pattern(size, 1)) {
			t.Errorf("%s: %d, %v", read.name, n, err)
		}
		if sched.ReadFileStats().Submissions == before {
			t.Errorf("%s has made no request", read.name)
		}
		clear(buf)
	}
	if n, err := f.Seek(0, 1); n != size || err != nil {
		t.Errorf("at %d, %v", n, err)
	}
	if err := f.Prefetch(0, size); err != nil {
		t.Error(err)
	}
}

// Whether O_DIRECT takes what is not aligned is for the file system to say: to both packages alike.
func TestDirectAlignment(t *testing.T) {
	const size = 64<<10 - 100
	for _, requests := range []bool{false, true} {
		t.Run(fmt.Sprint("all by requests ", requests), func(t *testing.T) {
			if requests {
				forbidPlainReads(t)
			}
			byOS, ours := openDirect(t, size)
			buf := pages(t, 2*size)
			for _, c := range []struct {
				from, to int
				off      int64
			}{
				{0, 4096, 0}, {0, size, 0}, {0, 4096, 4096}, {0, 8192, 60 << 10}, {0, 4096, 64 << 10},
				{1, 4097, 0}, {0, 4095, 0}, {0, 4096, 1}, {3, 104, 7}, {0, 1, size}, {0, 4096, size + 1},
			} {
				var results []string
				for _, f := range []handle{byOS, ours} {
					must(os.WriteFile(byOS.Name(), pattern(size, 1), 0o600))
					x, p := side{dir: filepath.Dir(byOS.Name()), f: f}, buf[c.from:c.to]
					clear(p)
					n, err := f.ReadAt(p, c.off)
					out := "ReadAt " + x.words(int64(n), p, err)
					_, err = f.Seek(c.off, 0)
					must(err)
					n, err = f.Read(p)
					out += " Read " + x.words(int64(n), p, err)
					copy(p, pattern(len(p), 3))
					n, err = f.WriteAt(p, c.off)
					out += " WriteAt " + x.words(int64(n), nil, err)
					n, err = f.Write(p)
					at, e := f.Seek(0, 1)
					must(errors.Join(e, f.Truncate(size)))
					results = append(results, out+" Write "+x.words(int64(n), nil, err)+fmt.Sprint(" at ", at))
				}
				if results[0] != results[1] {
					t.Errorf("memory from %d to %d, offset %d\npackage os:   %s\npackage file: %s", c.from, c.to, c.off, results[0], results[1])
				}
			}
		})
	}
}

// The kernel does not move the offset of a file for a request that it hands to the disk, and where
// the end was only the kernel knows: so appending is a plain call.
func TestDirectAppend(t *testing.T) {
	forbidPlainReads(t)
	byOS, _ := openDirect(t, 4096)
	f, err := OpenFile(byOS.Name(), os.O_RDWR|os.O_APPEND|unix.O_DIRECT, 0)
	must(err)
	defer f.Close()
	buf := pages(t, 4096)
	for i := range 3 {
		copy(buf, pattern(4096, byte(i)))
		if n, err := f.Write(buf); n != 4096 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		if at, err := f.Seek(0, 1); at != int64(4096*(i+2)) || err != nil {
			t.Errorf("after %d writes at %d, %v", i+1, at, err)
		}
	}
	got, err := os.ReadFile(byOS.Name())
	want := bytes.Join([][]byte{pattern(4096, 1), pattern(4096, 0), pattern(4096, 1), pattern(4096, 2)}, nil)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
