//go:build linux

package main

import (
	"fmt"
	"io"
	"maps"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/compat/census"
	"github.com/uringnet/uringnet/internal/testutil"
)

// roleEnv makes this program a child: one that is controlled, or an heir.
const (
	roleEnv    = "URINGNET_FAULTS_ROLE"
	controlled = "controlled"
	inheriting = "heir"
)

// patience is how long something may take that must happen. It decides what is called hung.
const patience = 30 * time.Second

// Child is the server or the clients of a trial. Its methods are called by the controlling process,
// through standard input and output.
type Child struct {
	tally   tally
	before  census.Census
	server  *server
	clients *clients
}

// runChild obeys the controlling process until that closes standard input.
func runChild() {
	calls := rpc.NewServer()
	if err := calls.RegisterName("Child", new(Child)); err != nil {
		panic(err)
	}
	calls.ServeCodec(jsonrpc.NewServerCodec(struct {
		io.Reader
		io.WriteCloser
	}{os.Stdin, os.Stdout}))
}

// Serve makes this process the server, and returns its address.
func (c *Child) Serve(cfg ServerConfig, address *string) (err error) {
	uringnet.Backend() // what the choice leaves behind is not the server's
	c.before = census.Take()
	if c.server, err = newServer(cfg, &c.tally); err != nil {
		return fmt.Errorf("%s", class("listen", err))
	}
	*address = c.server.listener.Addr().String()
	return nil
}

// Load is what the clients are to do.
type Load struct {
	Address string
	Groups  []Group
}

// Begin makes this process the clients. It may be called again, for more of them.
func (c *Child) Begin(load Load, _ *struct{}) error {
	if c.clients == nil {
		uringnet.Backend()
		c.before = census.Take()
		c.clients = newClients(load.Address, &c.tally)
	}
	for _, g := range load.Groups {
		c.clients.add(g)
	}
	return nil
}

// Progress waits until each stream has got a frame back since the call, or rests as it was told to,
// and returns how many have not in time.
func (c *Child) Progress(_ struct{}, hung *int) error {
	streams, from := c.clients.all()
	limit := time.Now().Add(patience)
	for {
		*hung = 0
		for i, s := range streams[:len(from)] {
			// The frame that was under way does not count.
			if s.rounds.Load() < from[i]+2 && !s.resting.Load() {
				*hung++
			}
		}
		if *hung == 0 || time.Now().After(limit) {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
}

// Errors returns what has gone wrong so far, by class.
func (c *Child) Errors(_ struct{}, classes *map[string]int) error {
	*classes = map[string]int{} // JSON has no other nil than that of no answer
	maps.Copy(*classes, c.tally.classes())
	return nil
}

// Inside has a fault happen that a process does to itself.
func (c *Child) Inside(name string, result *string) (err error) {
	*result, err = inside[name](c)
	return err
}

// inside are the faults that a process does to itself. Each is named after the file it is in.
var inside = map[string]func(*Child) (string, error){}

// Summary is what a child knows in the end.
type Summary struct {
	Backend string
	Lost    int // bytes
	Errors  map[string]int
	Wrong   []string
	Hung    []string // stacks of goroutines
	Left    []string // descriptors
	Frames  uint64   // that came back to the clients
	OnRings uint64   // submissions
}

// Stop ends the streams in order, and tells what is left.
func (c *Child) Stop(_ struct{}, s *Summary) error {
	over := make(chan struct{})
	go func() {
		defer close(over)
		if c.clients != nil {
			c.clients.stopped.Store(true)
			c.clients.running.Wait()
		} else {
			c.server.stop()
		}
	}()
	select {
	case <-over:
	case <-time.After(patience):
	}
	s.Hung, s.Left = census.LeftSince(c.before)
	s.Backend = uringnet.Backend().Name
	s.Errors = c.tally.classes()
	s.Lost, s.Wrong = c.tally.lost, c.tally.wrong
	s.OnRings = uringnet.ReadStats().Total().Submissions
	if c.clients != nil {
		_, rounds := c.clients.all()
		for _, n := range rounds {
			s.Frames += n
		}
	}
	if len(s.Hung)+len(s.Left) > 0 {
		fmt.Fprintln(os.Stderr, testutil.Dump())
	}
	return nil
}
