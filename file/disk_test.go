//go:build linux

package file

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// command runs a command of the system, or skips the test if it is not there or not allowed.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root mounts file systems and makes loop devices")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(err)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Skipf("%s %v: %v: %s", name, args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// mounted mounts a file system until the test ends, and returns where.
func mounted(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	command(t, "mount", append(args, dir)...)
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A file system can be unmounted as soon as its files are closed: no request holds them any more.
func TestUnmountAfterClose(t *testing.T) {
	needRing(t)
	forbidPlainReads(t)
	image := ext4Image(t, 16<<20)
	for i := range 20 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			name := filepath.Join(mounted(t, "-o", "loop", image), "file")
			must(os.WriteFile(name, pattern(1<<19, 1), 0o600))
			f := openIn(t, cold, name, os.O_RDWR)
			atOnce(8, func(i int) { f.ReadAt(make([]byte, 5000), int64(i)<<16) })
			must(f.Close())
		})
	}
}

// ext4Image is a file of some MiB with an empty ext4 in it.
func ext4Image(t *testing.T, size int64) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "image")
	must(os.WriteFile(name, nil, 0o600))
	must(os.Truncate(name, size))
	command(t, "mkfs.ext4", "-q", "-O", "^has_journal", "-m", "0", name)
	return name
}

// inEachWay runs a test with the calls of a File as they are, cold, and by requests.
func inEachWay(t *testing.T, f func(t *testing.T, w way)) {
	for w, name := range wayNames {
		t.Run(name, func(t *testing.T) {
			if way(w) == byRequests {
				forbidPlainReads(t)
			}
			f(t, way(w))
		})
	}
}

// openIn opens a file whose calls go a way.
func openIn(t *testing.T, w way, name string, flag int) *File {
	t.Helper()
	if w != asItIs {
		chill(name)
	}
	f, err := OpenFile(name, flag, 0o600)
	must(err)
	t.Cleanup(func() { f.Close() })
	return f
}

// On a disk that is full a call writes what there is room for, and says so.
func TestNoSpace(t *testing.T) {
	for _, c := range []struct {
		name  string
		mount func(t *testing.T) []string
		room  int64
	}{
		{"tmpfs", func(*testing.T) []string { return []string{"-t", "tmpfs", "-o", "size=256k", "none"} }, 256 << 10},
		{"ext4", func(t *testing.T) []string { return []string{"-o", "loop", ext4Image(t, 4<<20)} }, 3 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			inEachWay(t, func(t *testing.T, w way) {
				name := filepath.Join(mounted(t, c.mount(t)...), "file")
				fill := func(f handle) string {
					x := side{dir: filepath.Dir(name), f: f}
					defer os.Remove(name)
					defer f.Close()
					return x.fill(t, c.room)
				}
				a, err := os.Create(name)
				must(err)
				byOS := fill(a)
				if ours := fill(openIn(t, w, name, os.O_RDWR|os.O_CREATE)); ours != byOS {
					t.Errorf("package os:   %s\npackage file: %s", byOS, ours)
				}
			})
		})
	}
}

// fill writes until there is no room, in several ways, and says how that ended.
func (x *side) fill(t *testing.T, room int64) string {
	t.Helper()
	done, chunk := int64(0), pattern(100_000, 1)
	for {
		n, err := x.f.Write(chunk)
		done += int64(n)
		if n < 0 || n > len(chunk) || err == nil && n != len(chunk) {
			t.Fatalf("%d, %v", n, err)
		}
		if info, e := x.f.Stat(); e != nil || info.Size() != done {
			t.Fatalf("%d bytes written, the file has %d, %v", done, info.Size(), e)
		}
		if err != nil {
			n, err2 := x.f.WriteAt(chunk, 10<<20)
			m, err3 := x.f.ReadFrom(bytes.NewReader(chunk))
			if done < room/2 || n != 0 || m != 0 {
				t.Errorf("%d bytes of about %d written, and then %d and %d", done, room, n, m)
			}
			return fmt.Sprint(x.wordsOf(err), x.wordsOf(err2), x.wordsOf(err3))
		}
	}
}

// A disk that fails is an error of the read, behind the bytes that have come.
func TestDiskFails(t *testing.T) {
	inEachWay(t, func(t *testing.T, w way) {
		const size = 2 << 20
		image := ext4Image(t, 16<<20)
		name := filepath.Join(mounted(t, "-o", "loop", image), "file")
		must(os.WriteFile(name, pattern(1<<19, 1), 0o600))
		must(os.Truncate(name, size))
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		must(err)
		defer f.Close()
		for off := int64(0); off < size; off += 1 << 19 {
			_, err := f.WriteAt(pattern(1<<19, 1), off)
			must(err)
		}
		must(f.Sync())
		chill(name)
		unix.Sync()
		must(os.Truncate(image, 64<<10)) // the device ends before the file does
		chill(image)
		x := side{dir: filepath.Dir(name), f: f}
		var results []string
		for _, x.f = range []handle{f, openIn(t, w, name, os.O_RDONLY)} {
			chill(name)
			n, err := x.f.ReadAt(make([]byte, size), 0)
			m, err2 := x.f.Read(make([]byte, 5000))
			if !errors.Is(err, syscall.EIO) || !errors.Is(err2, syscall.EIO) {
				t.Errorf("%T: %d, %v; %d, %v", x.f, n, err, m, err2)
			}
			results = append(results, x.words(int64(n), nil, err)+x.words(int64(m), nil, err2))
		}
		if results[0] != results[1] {
			t.Errorf("package os:   %s\npackage file: %s", results[0], results[1])
		}
	})
}

// A block device is a file with an end that cannot be moved.
func TestBlockDevice(t *testing.T) {
	const size = 1 << 20
	image := filepath.Join(t.TempDir(), "image")
	must(os.WriteFile(image, make([]byte, size), 0o600))
	device := command(t, "losetup", "-f", "--show", image)
	t.Cleanup(func() { command(t, "losetup", "-d", device) })
	inEachWay(t, func(t *testing.T, w way) {
		var results []string
		for _, byOS := range []bool{true, false} {
			must(os.WriteFile(device, append(pattern(size/2, 1), pattern(size/2, 2)...), 0))
			x := &side{dir: filepath.Dir(device)}
			if byOS {
				f, err := os.OpenFile(device, os.O_RDWR, 0)
				must(err)
				defer f.Close()
				x.f = f
			} else {
				x.f = openIn(t, w, device, os.O_RDWR)
			}
			out := ""
			for _, o := range []op{
				{verb: read, n: 10_000}, {verb: readAt, n: 300_000, off: 70_001}, {verb: readAt, n: 5000, off: size - 100},
				{verb: readAt, n: 1, off: size}, {verb: read, n: 10, off: size}, {verb: writeAt, n: 5000, off: 5000},
				{verb: writeAt, n: 1, off: size}, {verb: truncate, off: 100},
				{verb: syncIt}, {verb: datasync}, {verb: seek, how: 2}, {verb: read, n: 10}, {verb: write, n: 10},
				{verb: seek, off: -10, how: 2}, {verb: write, n: 100}, {verb: stat},
			} {
				if w != asItIs {
					chill(device)
				}
				out += x.call(o) + "\n"
			}
			n, err := x.f.WriteAt(pattern(5000, 3), size-200)
			if f, _ := x.f.(*File); f != nil && f.raw != nil && n != 200 { // package os forgets them
				t.Errorf("%d bytes written before the end, want 200", n)
			}
			results = append(results, out+x.wordsOf(err))
		}
		if results[0] != results[1] {
			t.Errorf("package os:   %s\npackage file: %s", results[0], results[1])
		}
	})
}
