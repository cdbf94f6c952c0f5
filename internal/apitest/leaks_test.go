package apitest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/testutil"
)

// ringGoroutine is in the stack of a goroutine that belongs to a group of Ps, which stays.
const ringGoroutine = "github.com/uringnet/uringnet/internal/sched.(*worker)."

// snapshot is what the process holds at one moment.
type snapshot struct {
	fds        map[string]bool // "7 socket:[4711]"
	goroutines map[string]bool // by id
	inFlight   uint64
}

func takeSnapshot() snapshot {
	s := snapshot{fds: testutil.OpenFDs(), goroutines: map[string]bool{}}
	for _, g := range testutil.Goroutines() {
		s.goroutines[g.ID] = true
	}
	s.inFlight = uringnet.ReadStats().Total().InFlight
	return s
}

// settle waits until nothing is left that the snapshot does not hold, and describes what does not
// go away.
func (s snapshot) settle() (left string) {
	testutil.Poll(func() bool {
		left = s.left()
		return left == ""
	})
	return left
}

func (s snapshot) left() string {
	var b strings.Builder
	stats := uringnet.ReadStats()
	rings := len(stats.Rings)
	ringFDs, completers := 0, 0
	for _, fd := range slices.Sorted(maps.Keys(testutil.OpenFDs())) {
		switch _, link, _ := strings.Cut(fd, " "); {
		case link == "anon_inode:[io_uring]":
			ringFDs++
		// the runtime's poller, a poll round
		case link == "anon_inode:[eventpoll]", link == "anon_inode:[eventfd]":
		case !s.fds[fd]:
			fmt.Fprintf(&b, "fd %s\n", fd)
		}
	}
	for _, g := range testutil.Goroutines() {
		switch {
		case strings.Contains(g.Stack, ringGoroutine):
			completers++
		case !s.goroutines[g.ID] && g.State != "running": // the caller is the one that runs
			fmt.Fprintf(&b, "%s\n\n", g.Stack)
		}
	}
	if ringFDs > rings {
		fmt.Fprintf(&b, "%d io_uring file descriptors for %d rings\n", ringFDs, rings)
	}
	if completers > 2*rings { // a completer and a flusher each
		fmt.Fprintf(&b, "%d goroutines for %d rings\n", completers, rings)
	}
	if t := stats.Total(); t.InFlight > s.inFlight {
		fmt.Fprintf(&b, "%d operations in flight\n", t.InFlight)
	}
	return b.String()
}

// dump describes the whole process for a test that has failed or hangs.
func dump() string {
	return fmt.Sprintf("backend %v\nstats %+v\n%s", uringnet.Backend(), uringnet.ReadStats(), testutil.Dump())
}
