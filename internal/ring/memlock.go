//go:build linux

package ring

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Memlock says what RLIMIT_MEMLOCK means for rings here.
//
// The kernel counts what all processes of a user have, and compares it with the limit of the one
// that asks for more.
type Memlock struct {
	Counts  bool   // the kernel counts the memory of rings: Linux 6.14 and newer, by its release
	Exempt  bool   // CAP_IPC_LOCK lifts the limit from this process
	PerRing uint64 // bytes
	Limit   uint64 // bytes; unix.RLIM_INFINITY for none
}

// MemlockOf is about rings of the sizes in c. It makes none.
func MemlockOf(c Config) (Memlock, error) {
	m := Memlock{Counts: atLeast(KernelRelease(), 6, 14), Exempt: exempt(), PerRing: uint64(c.memory())}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		return m, os.NewSyscallError("getrlimit", err)
	}
	m.Limit = limit.Cur
	return m, nil
}

// Bound reports whether the limit bounds the number of rings.
func (m Memlock) Bound() bool { return m.Counts && !m.Exempt && m.Limit != unix.RLIM_INFINITY }

// Room is how many rings all processes of this user can have together, if the limit bounds it.
func (m Memlock) Room() uint64 { return m.Limit / max(m.PerRing, 1) }

func (m Memlock) String() string {
	each := fmt.Sprintf("about %d KiB each", m.PerRing>>10)
	switch {
	case !m.Counts:
		return "RLIMIT_MEMLOCK does not count rings here (Linux before 6.14)"
	case m.Exempt:
		return "RLIMIT_MEMLOCK counts rings here, " + each + ", but CAP_IPC_LOCK lifts it from this process"
	case m.Limit == unix.RLIM_INFINITY:
		return "RLIMIT_MEMLOCK counts rings here, " + each + ", and is unlimited"
	}
	return fmt.Sprintf("RLIMIT_MEMLOCK counts rings here: %s, your limit is %d KiB: room for %d, in all processes of your user",
		each, m.Limit>>10, m.Room())
}

// ringsHead is about what the kernel puts before the completion queue.
const ringsHead = 320

// memory is what a ring takes with queues of these sizes: the entries of both, in whole pages.
func (c Config) memory() int {
	sq, cq := powerOfTwo(c.SQEntries), powerOfTwo(c.CQEntries)
	return wholePages(sq*64) + wholePages(ringsHead+cq*16)
}

func powerOfTwo(n uint32) int {
	p := 1
	for p < int(n) {
		p *= 2
	}
	return p
}

func wholePages(n int) int {
	page := os.Getpagesize()
	return (n + page - 1) / page * page
}

// exempt reports whether the process has CAP_IPC_LOCK, as the kernel asks for it: in the first user
// namespace. Root of a container that has a user namespace of its own is not exempt.
func exempt() bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if unix.Capget(&header, &data[0]) != nil || data[0].Effective&(1<<unix.CAP_IPC_LOCK) == 0 {
		return false
	}
	users, err := os.ReadFile("/proc/self/uid_map")
	return err != nil || strings.Join(strings.Fields(string(users)), " ") == "0 0 4294967295"
}

// KernelRelease is what uname -r prints, or nothing if it cannot be had.
func KernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// atLeast compares a kernel's release. One that cannot be read is taken for a new one.
func atLeast(release string, major, minor int) bool {
	var a, b int
	if n, _ := fmt.Sscanf(release, "%d.%d", &a, &b); n != 2 {
		return true
	}
	return a > major || a == major && b >= minor
}
