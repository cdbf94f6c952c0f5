//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// First the server cannot accept, then the clients cannot dial. Both go on when they may have
// descriptors again, and no connection that was made meanwhile is lost.
var descriptors = fault{
	name:  "descriptors",
	what:  "RLIMIT_NOFILE reached by the server, then by the clients, and raised again",
	gives: []string{"accept: EMFILE", "dial: EMFILE"},
	inject: func(t *trial) error {
		more := Group{Streams: 40, Size: 200, Rounds: 2, Buffer: 4096}
		if err := t.exhaust(t.server, "accept: EMFILE", more); err != nil {
			return err
		}
		return t.exhaust(t.clients, "dial: EMFILE", more)
	},
}

// exhaust leaves a process no descriptors, has more streams come until it has said so, and gives
// them back.
func (t *trial) exhaust(p *process, class string, more Group) error {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.pid()))
	if err != nil {
		return err
	}
	var old unix.Rlimit
	low := unix.Rlimit{Cur: uint64(len(open)) + 4}
	if err := unix.Prlimit(p.pid(), unix.RLIMIT_NOFILE, nil, &old); err != nil {
		return err
	}
	low.Max = old.Max
	if err := unix.Prlimit(p.pid(), unix.RLIMIT_NOFILE, &low, nil); err != nil {
		return err
	}
	err = t.load(more)
	if err == nil {
		err = t.awaitError(p, class)
	}
	err = errors.Join(err, unix.Prlimit(p.pid(), unix.RLIMIT_NOFILE, &old, nil))
	if err != nil {
		return err
	}
	return t.progress()
}

// awaitError waits until a process has seen an error of a class.
func (t *trial) awaitError(p *process, class string) error {
	for limit := time.Now().Add(patience); time.Now().Before(limit); time.Sleep(time.Millisecond) {
		var classes map[string]int
		if err := p.call("Errors", struct{}{}, &classes); err != nil {
			return err
		}
		if classes[class] > 0 {
			return nil
		}
	}
	return fmt.Errorf("the %s never met with %s", p.name, class)
}
