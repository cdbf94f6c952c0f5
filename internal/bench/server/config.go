// Package server has the servers that the benchmark compares. Those on package net and on uringnet
// are the same code but for the call that makes the listener.
package server

import (
	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// The kinds of servers.
const (
	Net      = "net"      // package net
	Uringnet = "uringnet" // this module
	Whole    = "whole"    // package net, in a program that uringnet go has built
	// goroutines on the top-level API of github.com/iceber/iouring-go, in its own program
	Peer  = "iouring-go"
	Epoll = "epoll" // a raw event loop on one locked thread: the ceiling
)

// Kinds returns the kinds of servers in the order of the table.
func Kinds() []string { return []string{Net, Uringnet, Whole, Peer, Epoll} }

// Runs reports whether a kind of server can do a kind of work.
func Runs(kind string, w workload.Workload) bool {
	if w.Kind == workload.Search {
		return kind == Net || kind == Uringnet
	}
	switch kind {
	case Epoll:
		return w.HasEpoll()
	case Peer:
		return w.HasPeer()
	}
	return true
}

// Config says what to serve.
type Config struct {
	Kind string            `json:"kind"`
	Work workload.Workload `json:"work"`
	// folder for temporary files, removed by the benchmark
	Scratch    string `json:"scratch"`
	Origin     string `json:"origin,omitempty"`      // address of the server behind a proxy
	CPUProfile string `json:"cpu_profile,omitempty"` // file to write, or nothing
}

// Ready is the first line that a server prints: it takes connections now.
type Ready struct {
	Addr    string `json:"addr"`
	Backend string `json:"backend"`
}

// Final is the second line, printed at the end.
type Final struct {
	Ring uringnet.RingStats `json:"ring"` // all rings, from the start of the process
}

// BufferSize is what a server written for such messages would read with.
func BufferSize(w workload.Workload) int {
	if w.Size > 4<<10 {
		return 16 << 10
	}
	return 4 << 10
}
