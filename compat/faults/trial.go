//go:build linux

package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"time"
)

// backends are what the columns of the table run on, as environment variables.
var backends = map[string][]string{
	"net":      {"URINGNET=off"},
	"io_uring": {"URINGNET=auto"},
	"poller":   {"URINGNET=poller"},
	"ring":     {"URINGNET=auto", "URINGNET_WAIT=ring"},
}

// trial is one fault on one backend: a server and clients, in processes of their own.
type trial struct {
	fault   *fault
	backend string
	address string // of the server, once it has one
	server  *process
	clients *process
	outcome outcome
}

// outcome is what a trial has shown.
type outcome struct {
	skipped  string // why
	failed   error  // the trial did not come to its end
	note     string // instead of figures
	figures  string // beside those of the table
	lost     int
	hung     int // goroutines, or streams
	left     int // descriptors
	errors   map[string]int
	foreign  map[string]int // the errors that package net would not give
	frames   uint64
	onRings  uint64
	details  []string
	duration time.Duration
}

func (o *outcome) good() bool {
	return o.failed == nil && o.lost == 0 && o.hung == 0 && o.left == 0 && len(o.foreign) == 0
}

// usual is what the clients do unless a fault says otherwise: small requests, so many that receives
// go over rings, large ones, receives with deadlines, and connections that come and go.
var usual = []Group{
	{Streams: 32, Size: 100, Buffer: 4096},
	{Streams: 6, Size: 100_000, Buffer: 32 << 10},
	{Streams: 8, Size: 1000, Deadline: time.Millisecond, Buffer: 4096},
	{Streams: 8, Size: 5000, Rounds: 3, Buffer: 4096},
}

// trialHosts makes each server listen on an address of its own, so that none is short of ports
// which the connections of an earlier one still hold.
var trialHosts int

// run runs the trial from start to end.
func (t *trial) run() {
	start := time.Now()
	t.outcome.errors = map[string]int{}
	if err := t.steps(); err != nil {
		t.outcome.failed = err
	}
	for _, p := range []*process{t.server, t.clients} {
		if p == nil {
			continue
		}
		if t.outcome.failed != nil {
			p.kill()
		}
		if !t.outcome.good() && p.said.Len() > 0 {
			t.outcome.details = append(t.outcome.details, fmt.Sprintf("the %s said:\n%s", p.name, p.said.String()))
		}
	}
	t.outcome.duration = time.Since(start)
}

func (t *trial) steps() (err error) {
	trialHosts++
	t.address = fmt.Sprintf("127.1.%d.%d:0", trialHosts/250, trialHosts%250+1)
	f := t.fault
	if t.server, err = t.start("server"); err != nil {
		return err
	}
	if t.clients, err = t.start("clients"); err != nil {
		return err
	}
	if f.before != nil {
		if err := f.before(t); err != nil {
			return err
		}
	}
	if err := t.serve(); err != nil {
		return err
	}
	if err := t.load(f.groups()...); err != nil {
		return err
	}
	if err := t.progress(); err != nil {
		return err
	}
	if err := f.inject(t); err != nil {
		return err
	}
	if t.outcome.note != "" {
		t.clients.kill()
		t.server.kill()
		return nil
	}
	if err := t.progress(); err != nil {
		return err
	}
	return errors.Join(t.stop(t.clients), t.stop(t.server))
}

// start starts one of the two processes.
func (t *trial) start(name string) (*process, error) {
	env := append([]string{"GORACE=atexit_sleep_ms=0"}, backends[t.backend]...)
	return startProcess(name, env, t.fault)
}

// serve has the server listen, on the address that an earlier one had, if there was one.
func (t *trial) serve() error {
	cfg := t.fault.server
	cfg.Address = t.address
	cfg.Buffer = cmp.Or(cfg.Buffer, 4096)
	cfg.Deadline = cmp.Or(cfg.Deadline, 2*time.Millisecond)
	return t.server.call("Serve", cfg, &t.address)
}

func (t *trial) load(groups ...Group) error {
	return t.clients.call("Begin", Load{t.address, groups}, nil)
}

// progress sees each stream go on, and counts those that do not.
func (t *trial) progress() error {
	var hung int
	if err := t.clients.call("Progress", struct{}{}, &hung); err != nil {
		return err
	}
	if hung > 0 {
		t.outcome.hung += hung
		t.outcome.details = append(t.outcome.details, fmt.Sprintf("%d streams do not go on", hung))
	}
	return nil
}

// stop ends one of the processes in order, and takes in what it knows.
func (t *trial) stop(p *process) error {
	var s Summary
	if err := p.call("Stop", struct{}{}, &s); err != nil {
		return err
	}
	o := &t.outcome
	o.lost += s.Lost
	o.hung += len(s.Hung)
	o.left += len(s.Left)
	o.frames += s.Frames
	o.onRings += s.OnRings
	o.details = append(append(append(o.details, s.Wrong...), s.Hung...), s.Left...)
	for class, n := range s.Errors {
		o.errors[class] += n
	}
	want := t.backend
	if want == "ring" {
		want = "io_uring"
	}
	// Whoever wants io_uring and gets something else has proven nothing.
	if s.Backend != want && !(t.fault.pollerWillDo && s.Backend == "poller") {
		return fmt.Errorf("the %s ran on %s, not on %s", p.name, s.Backend, want)
	}
	return p.end()
}

// judge finds the errors that are neither of the fault's own nor in what package net gave.
func (o *outcome) judge(f *fault, onNet *outcome) {
	o.foreign = maps.Clone(o.errors)
	for _, class := range f.gives {
		delete(o.foreign, class)
	}
	if onNet != nil {
		for class := range onNet.errors {
			delete(o.foreign, class)
		}
	}
}
