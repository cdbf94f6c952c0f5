package apitest

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/uringnet/uringnet"
)

// ringGoroutine is in the stack of a goroutine that belongs to a group of Ps, which stays.
const ringGoroutine = "github.com/uringnet/uringnet/internal/sched.(*worker)."

// goroutine is one entry of a stack dump.
type goroutine struct {
	id    string
	state string // as the runtime words it: "running", "IO wait", "chan receive"
	stack string
}

func goroutines() []goroutine {
	buf := make([]byte, 1<<18)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var all []goroutine
	for stack := range strings.SplitSeq(string(buf), "\n\n") {
		header, _, _ := strings.Cut(stack, "\n")
		id, state, ok := strings.Cut(strings.TrimPrefix(header, "goroutine "), " ")
		if !ok {
			continue
		}
		_, state, _ = strings.Cut(state, "[")
		if end := strings.IndexAny(state, ",]("); end >= 0 {
			state = strings.TrimSpace(state[:end])
		}
		all = append(all, goroutine{id, state, strings.TrimSpace(stack)})
	}
	return all
}

// goroutineID names the calling goroutine as a stack dump does.
func goroutineID() string {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	id, _, _ := strings.Cut(strings.TrimPrefix(string(buf), "goroutine "), " ")
	return id
}

// isParked reports whether the goroutine waits for something other than a lock or the scheduler.
// A goroutine that is gone counts as well: there is nothing to wait for any more.
func isParked(id string) bool {
	for _, g := range goroutines() {
		if g.id != id {
			continue
		}
		if strings.Contains(g.stack, "sched.(*Future).Wait(") { // a semaphore, under -race
			return g.state != "running" && g.state != "runnable"
		}
		switch g.state {
		case "running", "runnable", "syscall", "semacquire", "preempted", "copystack",
			"sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock":
			return false
		}
		return !strings.HasPrefix(g.state, "GC ")
	}
	return true
}

// snapshot is what the process holds at one moment.
type snapshot struct {
	fds        map[string]bool // "7 socket:[4711]"
	goroutines map[string]bool // by id
	inFlight   uint64
}

func takeSnapshot() snapshot {
	s := snapshot{fds: openFDs(), goroutines: map[string]bool{}}
	for _, g := range goroutines() {
		s.goroutines[g.id] = true
	}
	s.inFlight = uringnet.ReadStats().Total().InFlight
	return s
}

// settle waits until nothing is left that the snapshot does not hold, and describes what does not
// go away.
func (s snapshot) settle() (left string) {
	poll(func() bool {
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
	for _, fd := range slices.Sorted(maps.Keys(openFDs())) {
		switch _, link, _ := strings.Cut(fd, " "); {
		case link == "anon_inode:[io_uring]":
			ringFDs++
		case link == "anon_inode:[eventpoll]", link == "anon_inode:[eventfd]": // the runtime's poller, a bell
		case !s.fds[fd]:
			fmt.Fprintf(&b, "fd %s\n", fd)
		}
	}
	for _, g := range goroutines() {
		switch {
		case strings.Contains(g.stack, ringGoroutine):
			completers++
		case !s.goroutines[g.id] && g.state != "running": // the caller is the one that runs
			fmt.Fprintf(&b, "%s\n\n", g.stack)
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
	var b strings.Builder
	fmt.Fprintf(&b, "backend %v\nstats %+v\n", uringnet.Backend(), uringnet.ReadStats())
	for _, fd := range slices.Sorted(maps.Keys(openFDs())) {
		fmt.Fprintf(&b, "fd %s\n", fd)
	}
	for _, g := range goroutines() {
		fmt.Fprintf(&b, "\n%s\n", g.stack)
	}
	return b.String()
}
