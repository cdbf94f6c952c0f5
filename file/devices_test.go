//go:build linux

package file

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
	"github.com/uringnet/uringnet/internal/testutil"
)

// each returns what f says of the same file opened by package os and by this one.
func each(t *testing.T, name string, flag int, f func(x *side) string) (byOS, ours string) {
	t.Helper()
	a, err := os.OpenFile(name, flag, 0)
	if err != nil {
		t.Skip(err) // it is not there, or forbidden to all
	}
	defer a.Close()
	b, err := OpenFile(name, flag, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	dir := filepath.Dir(name)
	return f(&side{dir: dir, f: a, byOS: true}), f(&side{dir: dir, f: b})
}

func same(t *testing.T, name string, flag int, f func(x *side) string) {
	t.Helper()
	if byOS, ours := each(t, name, flag, f); byOS != ours {
		t.Errorf("%s\npackage os:   %s\npackage file: %s", name, byOS, ours)
	}
}

// everything makes each call once that does not wait.
func everything(x *side) (out string) {
	for _, o := range []op{
		{verb: read, n: 100}, {verb: readAt, n: 100, off: 5}, {verb: read}, {verb: readAt, off: -1}, {verb: write},
		{verb: write, n: 100}, {verb: writeString, n: 5}, {verb: writeAt, n: 100, off: 5}, {verb: seek, off: 3},
		{verb: truncate, off: 10}, {verb: syncIt}, {verb: datasync}, {verb: readFrom, n: 100, how: inMemory},
		{verb: copyTo, n: 100, how: failing}, {verb: copyFrom, n: 100}, {verb: stat},
	} {
		out += verbNames[o.verb] + " " + x.do(o) + "\n"
	}
	return out + "blocks " + blocks(x.f)
}

// blocks says whether the descriptor does, before and after Fd.
func blocks(f handle) (out string) {
	conn, err := f.(interface {
		SyscallConn() (syscall.RawConn, error)
	}).SyscallConn()
	must(err)
	must(conn.Control(func(fd uintptr) { out = fmt.Sprint(isBlocking(fd)) }))
	return out + " " + fmt.Sprint(isBlocking(f.(interface{ Fd() uintptr }).Fd()))
}

func isBlocking(fd uintptr) bool {
	flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
	must(err)
	return flags&unix.O_NONBLOCK == 0
}

// What is no file on a disk is that of package os.
func TestDevices(t *testing.T) {
	for _, name := range []string{"/dev/null", "/dev/zero", "/dev/full"} {
		t.Run(name, func(t *testing.T) { same(t, name, os.O_RDWR, everything) })
	}
	t.Run("directory", func(t *testing.T) {
		dir := t.TempDir()
		for _, name := range []string{"b", "a", "c"} {
			must(os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		}
		same(t, dir, os.O_RDONLY, func(x *side) string {
			entries, err := x.f.(interface {
				ReadDir(int) ([]os.DirEntry, error)
			}).ReadDir(2)
			return everything(x) + fmt.Sprint(len(entries), err)
		})
	})
}

// A file of /proc says what it has in pieces, and Read returns one of them.
func TestReadProc(t *testing.T) {
	for _, name := range []string{"/proc/kallsyms", "/proc/filesystems", "/proc/devices", "/proc/version", "/proc/self/cmdline"} {
		t.Run(name, func(t *testing.T) {
			same(t, name, os.O_RDONLY, func(x *side) (out string) {
				for _, n := range []int{1, 100_000, 10, 5000, 0, 200_000} {
					out += x.call(op{verb: read, n: n}) + "\n"
				}
				return out + x.do(op{verb: readAt, n: 50_000, off: 20}) + x.do(op{verb: seek, off: 10}) +
					x.do(op{verb: write, n: 1})
			})
		})
	}
}

// Where the file system cannot tell whether a read would wait, all reads are plain calls.
func TestNoRequestsWhereNobodyTells(t *testing.T) {
	needRing(t)
	forbidPlainReads(t)
	for _, most := range []int32{mostTries, 0} {
		defer func(was int32) { mostTries = was }(mostTries)
		mostTries = most
		before := sched.ReadFileStats().Submissions
		f, err := Open("/proc/self/maps")
		must(err)
		defer f.Close()
		for range 3 {
			if n, err := f.Read(make([]byte, 10)); n != 10 || err != nil {
				t.Errorf("%d, %v", n, err)
			}
		}
		if data, err := ReadFile("/proc/self/maps"); len(data) < 1000 || err != nil {
			t.Errorf("%d bytes, %v", len(data), err)
		}
		if n := sched.ReadFileStats().Submissions - before; n != 0 {
			t.Errorf("%d tries: %d requests", most, n)
		}
	}
}

// terminal opens a new one, and returns the name of its other end.
func terminal(t *testing.T) (*os.File, string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { master.Close() })
	conn, err := master.SyscallConn()
	must(err)
	var number int
	must(conn.Control(func(fd uintptr) {
		must(unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0))
		number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
	}))
	must(err)
	return master, fmt.Sprint("/dev/pts/", number)
}

func TestTerminal(t *testing.T) {
	master, name := terminal(t)
	same(t, name, os.O_RDWR|unix.O_NOCTTY, func(x *side) string {
		_, err := master.WriteString("a line\n")
		must(err)
		out := x.call(op{verb: read, n: 100})
		setDeadline(x.f, time.Unix(1, 0))
		out += x.call(op{verb: read, n: 100})
		setDeadline(x.f, time.Time{})
		return out + blocks(x.f)
	})
}

func setDeadline(f handle, at time.Time) {
	must(f.(interface{ SetReadDeadline(time.Time) error }).SetReadDeadline(at))
}

func TestFIFO(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fifo")
	must(unix.Mkfifo(name, 0o600))
	open := map[bool]func() (handle, error){
		true:  func() (handle, error) { return os.Open(name) },
		false: func() (handle, error) { return Open(name) },
	}
	var results []string
	for _, byOS := range []bool{true, false} {
		// The open waits for a writer, whose own open waits for it.
		opened := make(chan handle)
		go func() {
			f, err := open[byOS]()
			must(err)
			opened <- f
		}()
		w, err := os.OpenFile(name, os.O_WRONLY, 0)
		must(err)
		x := &side{dir: filepath.Dir(name), f: <-opened}
		out := useFIFO(x, w)
		results = append(results, out)
	}
	if results[0] != results[1] {
		t.Errorf("package os:   %s\npackage file: %s", results[0], results[1])
	}
}

// useFIFO says what reads of a FIFO return, and closes it.
func useFIFO(x *side, w *os.File) (out string) {
	setDeadline(x.f, time.Unix(1, 0))
	out += x.call(op{verb: read, n: 10})
	setDeadline(x.f, time.Now().Add(time.Millisecond))
	out += x.call(op{verb: read, n: 10})
	setDeadline(x.f, time.Time{})
	out += x.call(op{verb: readAt, n: 10}) + x.call(op{verb: seek})

	reader, result := testutil.Go(func() string {
		p := make([]byte, 10)
		n, err := x.f.Read(p)
		return x.words(int64(n), p, err)
	})
	testutil.Poll(func() bool { return testutil.IsParked(reader) })
	_, err := w.WriteString("bytes")
	must(err)
	out += <-result

	reader, result = testutil.Go(func() string {
		n, err := x.f.Read(make([]byte, 10))
		return x.words(int64(n), nil, err)
	})
	testutil.Poll(func() bool { return testutil.IsParked(reader) })
	out += x.words(0, nil, x.f.Close()) + <-result
	w.Close()
	return out
}

// All methods of a File that is nil fail as those of package os do.
func TestNilFile(t *testing.T) {
	var results [2][]string
	for i, x := range []*side{{f: (*os.File)(nil)}, {f: (*File)(nil)}} {
		for _, o := range []op{
			{verb: read}, {verb: readAt}, {verb: readAt, off: -1}, {verb: write}, {verb: writeString}, {verb: writeAt},
			{verb: writeAt, off: -1}, {verb: seek}, {verb: truncate}, {verb: stat}, {verb: syncIt}, {verb: datasync},
			{verb: readFrom, how: inMemory}, {verb: copyFrom, n: 1}, {verb: chmod}, {verb: closeIt},
		} {
			results[i] = append(results[i], fmt.Sprint(verbNames[o.verb], " ", x.do(o)))
		}
	}
	if !slices.Equal(results[0], results[1]) {
		t.Errorf("package os:   %q\npackage file: %q", results[0], results[1])
	}
	var f *File
	if f.Fd() != (*os.File)(nil).Fd() {
		t.Errorf("the descriptor is %d", f.Fd())
	}
	if _, err := io.Copy(io.Discard, f); err != os.ErrInvalid {
		t.Error(err)
	}
}
