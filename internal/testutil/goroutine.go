package testutil

import (
	"runtime"
	"strings"
)

// Goroutine is one entry of a stack dump.
type Goroutine struct {
	ID    string
	State string // as the runtime words it: "running", "IO wait", "chan receive"
	Stack string
}

// Goroutines dumps the stacks of all goroutines.
func Goroutines() []Goroutine {
	buf := make([]byte, 1<<18)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	var all []Goroutine
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
		all = append(all, Goroutine{id, state, strings.TrimSpace(stack)})
	}
	return all
}

// GoroutineID names the calling goroutine as a stack dump does.
func GoroutineID() string {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	id, _, _ := strings.Cut(strings.TrimPrefix(string(buf), "goroutine "), " ")
	return id
}

// Go runs f in a goroutine of its own. It returns the ID of that goroutine, and a channel that gets
// what f returns.
func Go[T any](f func() T) (id string, done <-chan T) {
	ids := make(chan string)
	results := make(chan T, 1)
	go func() {
		ids <- GoroutineID()
		results <- f()
	}()
	return <-ids, results
}

// IsParked reports whether the goroutine waits for something other than a lock or the scheduler.
// A goroutine that is gone counts as well: there is nothing to wait for any more.
func IsParked(id string) bool {
	for _, g := range Goroutines() {
		if g.ID != id {
			continue
		}
		if strings.Contains(g.Stack, "sched.(*Future).Wait(") { // a semaphore, under -race
			return g.State != "running" && g.State != "runnable"
		}
		switch g.State {
		case "running", "runnable", "syscall", "semacquire", "preempted", "copystack",
			"sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock":
			return false
		}
		return !strings.HasPrefix(g.State, "GC ")
	}
	return true
}
