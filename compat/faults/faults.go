//go:build linux

package main

import "time"

// fault is something that befalls the server, the clients, or both.
type fault struct {
	name string // of the file that it is in
	what string

	gives   []string       // the classes of errors that are its own, whatever the backend
	env     []string       // of both processes
	wrapper []string       // a command that starts them
	server  ServerConfig   // its address is filled in
	load    func() []Group // of clients; nil means the usual ones
	apart   bool           // each process has a network of its own, which before connects
	skip    func() string  // why it cannot be had here, or ""

	// before is called when the processes run and have no sockets yet.
	before func(*trial) error
	// inject is called when all streams run. They must go on when it returns.
	inject func(*trial) error

	// pollerWillDo says that io_uring may not be had under this fault.
	pollerWillDo bool
}

func (f *fault) groups() []Group {
	if f.load == nil {
		return usual
	}
	return f.load()
}

// faults are in the order of the table.
var faults = []fault{
	stopped, killed, forks, heirs, descriptors, memlock, filterSetup, filterEnter,
	procs, locked, foreignCalls, collector, cooperative, signals, clock, many,
}

// lineFaults are those of the line between the two. They need privileges, and netem in the kernel.
var lineFaults = []fault{netemDelay, netemLoss, netemReorder}

// exposure is how long a condition lasts that has no end of its own.
const exposure = 400 * time.Millisecond

func expose(*trial) error {
	time.Sleep(exposure)
	return nil
}

// both does something to the server, and to the clients.
func (t *trial) both(do func(*process) error) error {
	if err := do(t.server); err != nil {
		return err
	}
	return do(t.clients)
}
