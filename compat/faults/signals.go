//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The signals go to each thread in turn, so that they interrupt whatever system call it is in.
var signals = fault{
	name: "signals",
	what: "a thousand signals a second to the threads of each process",
	before: func(t *trial) error {
		return t.both(func(p *process) error {
			_, err := p.inside("signals")
			return err
		})
	},
	inject: func(t *trial) error {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for n := range 1000 {
			<-tick.C
			err := t.both(func(p *process) error { return p.signalThread(n) })
			if err != nil {
				return err
			}
		}
		return t.both(func(p *process) error {
			got, err := p.inside("signals-count")
			if err == nil && got == "0" {
				err = errors.New("no signal arrived")
			}
			return err
		})
	},
}

// signalThread sends a signal to one of the process's threads.
func (p *process) signalThread(n int) error {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.pid()))
	if err != nil || len(threads) == 0 {
		return fmt.Errorf("the threads of the %s: %w", p.name, err)
	}
	tid, err := strconv.Atoi(threads[n%len(threads)].Name())
	if err != nil {
		return err
	}
	// ESRCH: the thread has ended.
	if err := unix.Tgkill(p.pid(), tid, syscall.SIGUSR1); err != nil && err != unix.ESRCH {
		return err
	}
	return nil
}

// arrived gets the signals.
var arrived = make(chan os.Signal, 10_000)

func init() {
	inside["signals"] = func(*Child) (string, error) {
		signal.Notify(arrived, syscall.SIGUSR1)
		return "", nil
	}
	inside["signals-count"] = func(*Child) (string, error) {
		return strconv.Itoa(len(arrived)), nil
	}
}
