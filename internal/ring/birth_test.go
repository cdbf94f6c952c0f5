//go:build linux

package ring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	sys "github.com/iceber/iouring-go/syscall"
	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/testutil"
)

// scarce is a kernel that has memory for small queues only. It finds that out when a ring is set
// up, or when it is mapped.
type scarce struct {
	linux
	sq, cq uint32
	late   bool
	asked  []string
	tight  bool // the ring that was set up last is too large
}

func (k *scarce) Setup(entries uint32, p *Params) (int, error) {
	k.tight = entries > k.sq || p.CQEntries > k.cq
	fd, err := -1, error(syscall.ENOMEM)
	if !k.tight || k.late {
		fd, err = k.linux.Setup(entries, p)
	}
	// An older kernel is asked again without the flags that it does not know.
	if !errors.Is(err, syscall.EINVAL) {
		k.asked = append(k.asked, fmt.Sprint(entries, "/", p.CQEntries))
	}
	return fd, err
}

func (k *scarce) Mmap(fd int, offset uint64, size int) ([]byte, error) {
	if k.tight && offset == sys.IORING_OFF_SQES { // the first of the two maps went well
		return nil, os.NewSyscallError("mmap", syscall.ENOMEM)
	}
	return k.linux.Mmap(fd, offset, size)
}

// shared counts mappings of rings and of what a child shares with us.
func shared(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(maps), "io_uring") + strings.Count(string(maps), "/dev/zero")
}

// A ring that there is no memory for becomes a smaller one, and those that were too large leave
// nothing.
func TestWithoutMemoryQueuesAreSmaller(t *testing.T) {
	for _, late := range []bool{false, true} {
		for _, tc := range []struct {
			name           string
			want           Config
			memSQ, memCQ   uint32
			sq, cq, trials int
		}{
			{"enough", Config{SQEntries: 256, CQEntries: 4096}, 256, 4096, 256, 4096, 1},
			{"half", Config{SQEntries: 256, CQEntries: 4096}, 255, 4096, 128, 2048, 2},
			{"the smallest", Config{SQEntries: 256, CQEntries: 4096}, 32, 64, 32, 64, 7},
			{"not even that", Config{SQEntries: 256, CQEntries: 4096}, 31, 64, 0, 0, 7},
			{"asked for little", Config{SQEntries: 8, CQEntries: 16}, 4, 64, 0, 0, 1},
		} {
			t.Run(fmt.Sprintf("%s late=%v", tc.name, late), func(t *testing.T) {
				files, maps := len(testutil.OpenFDs()), shared(t)
				k := &scarce{sq: tc.memSQ, cq: tc.memCQ, late: late}
				r, err := newRing(k, tc.want)
				if len(k.asked) != tc.trials {
					t.Errorf("rings asked for: %v, want %d", k.asked, tc.trials)
				}
				if tc.sq == 0 {
					if !errors.Is(err, syscall.ENOMEM) {
						t.Errorf("without memory: %v", err)
					}
				} else if err != nil {
					t.Fatal(err)
				} else {
					if sq, cq := r.Sizes(); sq != tc.sq || cq != tc.cq {
						t.Errorf("the queues have %d and %d entries, want %d and %d", sq, cq, tc.sq, tc.cq)
					}
					if res, err := r.complete(PrepNop); res != 0 || err != nil {
						t.Errorf("a NOP gives %d, %v", res, err)
					}
					r.Close()
				}
				if f, m := len(testutil.OpenFDs()), shared(t); f != files || m != maps {
					t.Errorf("%d files are open, before %d; %d mappings, before %d", f, files, m, maps)
				}
			})
		}
	}
}

// sqpollPair are two rings that one thread of the kernel serves.
func sqpollPair(t *testing.T) [2]*Ring {
	t.Helper()
	c := Config{SQEntries: 8, CQEntries: 16, SQPollIdle: 1}
	first := newOrFatal(t, c)
	c.SQPollOf = first
	return [2]*Ring{first, newOrFatal(t, c)}
}

func newOrFatal(t *testing.T, c Config) *Ring {
	t.Helper()
	r, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// kinds make rings of all kinds. A ring for files serves only the thread that makes it.
func kinds(t *testing.T) map[string]func(t *testing.T) *Ring {
	pair := sqpollPair(t)
	return map[string]func(t *testing.T) *Ring{
		"plain":    func(t *testing.T) *Ring { return newOrFatal(t, Config{SQEntries: 8, CQEntries: 16}) },
		"sqpoll":   func(*testing.T) *Ring { return pair[0] },
		"attached": func(*testing.T) *Ring { return pair[1] },
		"files":    newFileRing,
	}
}

// may reports whether a ring may carry an operation.
func (r *Ring) may(op uint8) bool {
	return slices.Contains(r.use.restrictions(), Restriction{kind: maySubmit, value: op})
}

// result submits one request and waits for its completion, if there is to be one.
func result(t *testing.T, r *Ring, prep func(*SQE)) int32 {
	t.Helper()
	sqe, _ := r.SQ.Next()
	prep(sqe)
	sqe.SetUserData(1)
	r.SQ.Publish()
	if errno := r.Enter(r.SQ.Unconsumed()); errno != 0 {
		t.Fatal(errno)
	}
	fds := []unix.PollFd{{Fd: int32(r.FD()), Events: unix.POLLIN}}
	for r.CQ.Empty() {
		if _, err := unix.Poll(fds, 60_000); err != nil && err != unix.EINTR {
			t.Fatal(err)
		}
		if errno := r.FlushOverflow(); errno != 0 {
			t.Fatal(errno)
		}
	}
	var cqes [2]CQE
	if n := r.CQ.Reap(cqes[:]); n != 1 {
		t.Fatalf("%d completions for one request", n)
	}
	return cqes[0].Res
}

// A ring does nothing but what we use it for: it opens no file, and takes no flags but those.
func TestRingsAreRestricted(t *testing.T) {
	for kind, born := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			r := born(t)
			file := filepath.Join(t.TempDir(), "file")
			path := append([]byte(file), 0)
			open := func(sqe *SQE) {
				sqe.PrepOperation(sys.IORING_OP_OPENAT, unix.AT_FDCWD, address(path), 0o600, 0)
				sqe.SetOpFlags(unix.O_CREAT | unix.O_RDWR)
			}
			if res := result(t, r, open); res != -int32(unix.EACCES) {
				t.Errorf("openat over a ring gives %d, want -EACCES", res)
			}
			if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the file is there: %v", err)
			}
			for op := range uint8(64) { // the kernel says EINVAL to those that it does not know
				if r.may(op) {
					continue
				}
				res := result(t, r, func(sqe *SQE) { sqe.PrepOperation(op, -1, 0, 0, 0) })
				if res != -int32(unix.EACCES) && res != -int32(unix.EINVAL) {
					t.Errorf("opcode %d gives %d, want -EACCES", op, res)
				}
			}
			const async, linked, drains = 1 << 4, 1 << 2, 1 << 1 // IOSQE_ASYNC, _IO_LINK, _IO_DRAIN
			for _, flag := range []uint8{async, linked, drains} {
				res := result(t, r, func(sqe *SQE) { PrepNop(sqe); sqe.SetFlags(flag) })
				if res != -int32(unix.EACCES) {
					t.Errorf("flag %#x gives %d, want -EACCES", flag, res)
				}
			}
		})
	}
}

// What a ring is used for, it still does.
func TestRestrictedRingsWork(t *testing.T) {
	needRings(t)
	for kind, born := range kinds(t) {
		if kind == "files" {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			r := born(t)
			fds := socketPair(t)
			buf := make([]byte, 16)
			for _, pollFirst := range []bool{false, true} {
				send(t, fds[0], "text")
				res := result(t, r, func(sqe *SQE) { PrepRecv(sqe, int32(fds[1]), buf, pollFirst) })
				if res != 4 || string(buf[:4]) != "text" {
					t.Errorf("recv with POLL_FIRST %v gives %d, %q", pollFirst, res, buf)
				}
			}
			if res := result(t, r, PrepNop); res != 0 {
				t.Errorf("a NOP gives %d", res)
			}
			sqe, _ := r.SQ.Next()
			PrepSilentNop(sqe)
			if res := result(t, r, PrepNop); res != 0 { // and there is but one completion
				t.Errorf("a NOP after a silent one gives %d", res)
			}
			sqe, _ = r.SQ.Next()
			PrepRecv(sqe, int32(fds[1]), buf, true)
			sqe.SetUserData(7)
			// The cancelled one completes; that it was cancelled is said by nothing else.
			if res := result(t, r, func(sqe *SQE) { PrepCancel(sqe, 7) }); res != -int32(unix.ECANCELED) {
				t.Errorf("a cancelled recv gives %d", res)
			}
		})
	}
}

// Nothing can be registered with a ring any more: no files, no buffers, no other restrictions.
func TestNothingCanBeRegistered(t *testing.T) {
	for kind, born := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			r := born(t)
			for opcode := range uint32(40) {
				err := register(r.FD(), opcode, nil, 0)
				switch {
				case opcode == registerEnableRings && err == unix.EBADFD: // it has been enabled
				case opcode != registerEnableRings && err == unix.EACCES:
				case opcode > 16 && err == unix.EINVAL: // an older kernel may not know it
				default:
					t.Errorf("register opcode %d gives %v, want EACCES", opcode, err)
				}
			}
			if err := (linux{}).Restrict(r.FD(), forSockets); err != unix.EACCES {
				t.Errorf("restricting it anew gives %v, want EACCES", err)
			}
		})
	}
}

// lax is a kernel in which one step of the birth fails.
type lax struct {
	linux
	step string
}

func (k lax) Restrict(fd int, to []Restriction) error {
	if k.step == "restrict" {
		return syscall.EPERM
	}
	return k.linux.Restrict(fd, to)
}

func (k lax) Enable(fd int) error {
	if k.step == "enable" {
		return syscall.EPERM
	}
	return k.linux.Enable(fd)
}

// A ring that cannot be restricted is none.
func TestNoRingWithoutRestriction(t *testing.T) {
	files := len(testutil.OpenFDs())
	for _, step := range []string{"restrict", "enable"} {
		r, err := newRing(lax{step: step}, Config{SQEntries: 8, CQEntries: 16})
		if r != nil || !errors.Is(err, syscall.EPERM) || !strings.Contains(err.Error(), step) {
			t.Errorf("where a ring cannot be had, at %s: %v, %v", step, r, err)
		}
	}
	if n := len(testutil.OpenFDs()); n != files {
		t.Errorf("%d files are open, before %d", n, files)
	}
}

// interrupted is a kernel whose io_uring_register is interrupted by a signal the first time.
type interrupted struct {
	linux
	restricted, enabled int
}

func (k *interrupted) Restrict(fd int, to []Restriction) error {
	if k.restricted++; k.restricted == 1 {
		return syscall.EINTR
	}
	return k.linux.Restrict(fd, to)
}

func (k *interrupted) Enable(fd int) error {
	if k.enabled++; k.enabled == 1 {
		return syscall.EINTR
	}
	return k.linux.Enable(fd)
}

// A signal that comes while a ring is made, as the runtime sends to preempt, keeps no ring from
// being made. Linux 5.15 answers EINTR then.
func TestSignalWhileRingIsMade(t *testing.T) {
	k := new(interrupted)
	r, err := newRing(k, Config{SQEntries: 8, CQEntries: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if k.restricted != 2 || k.enabled != 2 {
		t.Errorf("restricted %d times and enabled %d times, want twice each", k.restricted, k.enabled)
	}
	if res, err := r.complete(PrepNop); res != 0 || err != nil {
		t.Errorf("a NOP gives %d, %v", res, err)
	}
}
