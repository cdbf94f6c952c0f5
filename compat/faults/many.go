//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

var connections = flag.Int("connections", 19_000, "how many there are at once under the fault many")

// Each client dials and exchanges a frame, and rests until all have. Were they to go on at once,
// those that dial would wait for their turn among thousands that do not stop: 19,000 are not there
// after a minute then, on package net neither. What a connection costs that waits is measured, and
// all go on together.
var many = fault{
	name: "many",
	what: "so many connections at once rest, and then all go on; KiB in use for one that rests, server + client",
	// A fourth of the server's connections has deadlines. With the usual 2 ms two processors would
	// be busy with little else.
	server: ServerConfig{Buffer: 128, Deadline: patience},
	load: func() []Group {
		return []Group{{Streams: *connections, Size: 64, Buffer: 128, Rest: true}}
	},
	skip: func() string {
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			return err.Error()
		}
		if need := uint64(*connections + 500); limit.Max < need {
			return fmt.Sprintf("the hard limit of descriptors is %d, and %d are needed", limit.Max, need)
		}
		return ""
	},
	before: func(t *trial) error {
		return t.both(func(p *process) error {
			_, err := p.memory()
			return err
		})
	},
	inject: func(t *trial) error {
		var cost []int
		err := t.both(func(p *process) error {
			n, err := p.memory()
			cost = append(cost, n)
			return err
		})
		if err != nil {
			return err
		}
		t.outcome.figures = fmt.Sprintf("%d of %.1f + %.1f KiB", *connections, kibEach(cost[0]), kibEach(cost[1]))
		_, err = t.clients.inside("many-go-on")
		return err
	},
}

func kibEach(bytes int) float64 { return float64(bytes) / 1024 / float64(*connections) }

// memory is how much more a process has in use than when it was asked for the first time.
func (p *process) memory() (int, error) {
	text, err := p.inside("many-memory")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

// memoryBefore is what was in use at first.
var memoryBefore uint64

func init() {
	inside["many-memory"] = func(*Child) (string, error) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		now := m.HeapAlloc + m.StackInuse
		if memoryBefore == 0 {
			memoryBefore = now
		}
		return strconv.FormatInt(int64(now)-int64(memoryBefore), 10), nil
	}
	inside["many-go-on"] = func(c *Child) (string, error) {
		close(c.clients.goOn)
		going := make(chan struct{})
		go func() {
			c.clients.atRest.Wait()
			close(going)
		}()
		select {
		case <-going:
			return "", nil
		case <-time.After(patience):
			return "", errors.New("clients still rest")
		}
	}
}
