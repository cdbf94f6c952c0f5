//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/testutil"
)

// soak is what the tasks share.
type soak struct {
	stopped atomic.Bool
	workers sync.WaitGroup // they end when they are asked to
	servers sync.WaitGroup // these when their listeners are closed and their peers gone
	bytes   atomic.Uint64  // that were checked

	mu       sync.Mutex
	closers  []io.Closer // in the order in which they are to be closed
	counts   map[string]*atomic.Uint64
	problems []string
}

func newSoak() *soak { return &soak{counts: map[string]*atomic.Uint64{}} }

// task is one way to use connections.
type task struct {
	name  string
	start func(*soak) error
}

// repeat runs iterations in n goroutines. open makes one for each goroutine, and says how to close
// what it uses; close may be nil. The first error ends the goroutine, and is a problem.
func (s *soak) repeat(name string, n int, open func() (once func() error, close func(), err error)) {
	count := new(atomic.Uint64)
	s.counts[name] = count
	for range n {
		s.workers.Go(func() {
			once, end, err := open()
			for err == nil && !s.stopped.Load() {
				if err = once(); err == nil {
					count.Add(1)
				}
			}
			if end != nil {
				end()
			}
			if err != nil {
				s.problem("%s: %v", name, err)
			}
		})
	}
}

// atEnd has c closed when the workers have ended.
func (s *soak) atEnd(c io.Closer) {
	s.mu.Lock()
	s.closers = append(s.closers, c)
	s.mu.Unlock()
}

func (s *soak) problem(format string, args ...any) {
	s.mu.Lock()
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
	s.mu.Unlock()
}

// end stops the workers and the servers, and returns what has gone wrong.
func (s *soak) end() []string {
	s.stopped.Store(true)
	over := make(chan struct{})
	go func() {
		s.workers.Wait()
		for _, c := range slices.Backward(s.closers) {
			c.Close()
		}
		s.servers.Wait()
		close(over)
	}()
	select {
	case <-over:
	case <-time.After(patience):
		s.problem("something hangs:\n%s", testutil.Dump())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.problems
}

// report says how often each task was done, and names those that never were.
func (s *soak) report() (problems []string) {
	for _, t := range tasks {
		n := s.counts[t.name].Load()
		fmt.Printf("%-10s %9d times\n", t.name, n)
		if n == 0 {
			problems = append(problems, t.name+" was never done")
		}
	}
	fmt.Printf("%d MB were checked, %d receives went over rings\n", s.bytes.Load()/1e6, uringnet.ReadStats().Total().Submissions)
	return problems
}
