package apitest

import (
	"errors"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/testutil"
)

// In a crowd connections have turns before they receive; see sched.Turn. These tests have one P and
// more connections than have a turn at once.

const crowdSize = 200

// crowd is connections whose Reads begin together, when there is something to read for all of them.
type crowd struct {
	subjects, peers []stream
	ids             map[string]int // number of the subject by its goroutine
	start           []chan bool
	results         chan crowdResult

	// first is called by the first subject that has read something in a round, on the only P.
	first func()
	once  *sync.Once
}

type crowdResult struct {
	subject int
	err     error
}

func newCrowd(t *testing.T, size int) *crowd {
	t.Helper()
	procs := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(procs) })
	c := &crowd{ids: map[string]int{}, results: make(chan crowdResult), once: new(sync.Once)}
	l := listen(t, onRing, "tcp")
	ids := make(chan string)
	for i := range size {
		subject, peer := connect(t, l, onNet)
		start := make(chan bool)
		c.subjects, c.peers, c.start = append(c.subjects, subject), append(c.peers, peer), append(c.start, start)
		go func() {
			ids <- testutil.GoroutineID()
			for range start {
				c.results <- crowdResult{i, c.exchange(subject)}
			}
		}()
		c.ids[<-ids] = i
	}
	t.Cleanup(func() {
		for _, start := range c.start {
			close(start)
		}
	})
	return c
}

// exchange reads a byte and answers.
func (c *crowd) exchange(subject stream) error {
	b := make([]byte, 100)
	n, err := subject.Read(b)
	if err != nil {
		return err
	}
	c.once.Do(c.first)
	_, err = subject.Write(b[:n])
	return err
}

// round lets all subjects read a byte that is there already, and returns how many had a turn that
// brought it.
func (c *crowd) round(t *testing.T, first func(), each func(crowdResult)) (turns int) {
	t.Helper()
	c.first, c.once = first, new(sync.Once)
	before := uringnet.ReadStats().Total().Turns
	for _, p := range c.peers {
		mustWrite(t, p, "x")
	}
	for _, start := range c.start {
		start <- true
	}
	for range c.subjects {
		each(<-c.results)
	}
	return int(uringnet.ReadStats().Total().Turns - before)
}

// inTurn returns the subjects that wait for their turn.
func (c *crowd) inTurn() []stream { return c.within("sched.(*Turn).await") }

// within returns the subjects that wait in a call of function.
func (c *crowd) within(function string) (subjects []stream) {
	for _, g := range testutil.Goroutines() {
		if i, ok := c.ids[g.ID]; ok && g.State != "running" && g.State != "runnable" && strings.Contains(g.Stack, function) {
			subjects = append(subjects, c.subjects[i])
		}
	}
	return subjects
}

// learn makes the connections know that they are a crowd: they wait together a few times.
func (c *crowd) learn(t *testing.T) {
	t.Helper()
	c.first = func() {}
	for range 3 {
		for _, start := range c.start {
			start <- true
		}
		eventually(t, "all to wait", func() bool { return len(c.within(").Read(")) == len(c.peers) })
		for _, p := range c.peers {
			mustWrite(t, p, "x")
		}
		for _, p := range c.peers {
			mustRead(t, p, "x")
			check(t, (<-c.results).err)
		}
	}
	eventually(t, "turns", func() bool {
		turns := c.round(t, func() {}, func(r crowdResult) { check(t, r.err) })
		for _, p := range c.peers {
			mustRead(t, p, "x")
		}
		return turns > len(c.peers)*9/10
	})
}

// TestDeadlinePassesInTurn: what is there when Read is called is returned although the deadline
// passes while other connections have their turn, as package net returns it at once.
func TestDeadlinePassesInTurn(t *testing.T) {
	begin(t)
	needSockets(t)
	receiveOnRings(t)
	c := newCrowd(t, crowdSize)
	c.learn(t)
	eventually(t, "Reads in the queue", func() bool {
		interrupted := 0
		c.round(t, func() {
			for _, s := range c.inTurn() {
				check(t, s.SetReadDeadline(time.Unix(1, 0)))
				interrupted++
			}
		}, func(r crowdResult) { check(t, r.err) })
		for i, p := range c.peers {
			mustRead(t, p, "x")
			check(t, c.subjects[i].SetReadDeadline(never))
		}
		return interrupted > 0
	})
}

// TestCloseInTurn: Close ends a Read that waits for other connections to have their turn.
func TestCloseInTurn(t *testing.T) {
	begin(t)
	needSockets(t)
	receiveOnRings(t)
	c := newCrowd(t, crowdSize)
	c.learn(t)
	eventually(t, "Reads in the queue", func() bool {
		closed, ended := 0, 0
		c.round(t, func() {
			for _, s := range c.inTurn() {
				check(t, s.Close())
				closed++
			}
		}, func(r crowdResult) {
			var op *net.OpError
			switch {
			case r.err == nil:
			case !errors.As(r.err, &op) || !errors.Is(op, net.ErrClosed):
				t.Error(r.err)
			case op.Op == "read":
				ended++
			}
		})
		if closed > 0 {
			if ended == 0 { // some may have had their turn before they were closed
				t.Errorf("%d connections were closed, and no Read ended by that", closed)
			}
			return true
		}
		for _, p := range c.peers {
			mustRead(t, p, "x")
		}
		return false
	})
}
