// Package workload says what the servers and the load generator of the benchmark do to each other:
// the kinds of work, and the cells of the table, each a kind with its number of connections.
package workload

import "time"

// Kind is a pattern of traffic.
type Kind string

// The kinds of work.
const (
	Echo       Kind = "echo"        // the client sends Size bytes, the server sends them back
	StreamUp   Kind = "stream-up"   // the client writes without pause, the server reads
	StreamDown Kind = "stream-down" // the server writes Size bytes at a time, the client reads
	HTTP       Kind = "http"        // GET / answered by a short text
	HTTPUnix   Kind = "http-unix"   // the same over Unix sockets
	HTTPS      Kind = "https"       // http over TLS
	HTTP2      Kind = "http2"       // the same over HTTP/2 and TLS, Depth streams a connection
	// GET / passed on by a reverse proxy, both of whose sides are measured
	Proxy    Kind = "proxy"
	HTTPFile Kind = "httpfile" // GET /file answered by a file of Size bytes
	Churn    Kind = "churn"    // connect, one echo, close
	Push     Kind = "push"     // the server writes Size bytes to each connection now and then
	Fanout   Kind = "fanout"   // one goroutine writes Size bytes to every connection
	Tail     Kind = "tail"     // echo, while every tenth handler burns CPU before it answers
	// GET /burn, whose handler burns CPU; one in BurnOneIn, GET /calm the others
	HTTPBurn Kind = "httpburn"
	Idle     Kind = "idle" // echo on a few connections while IdleConns more are silent
	// no traffic: Conns goroutines search a pattern through Files files of Size bytes
	Search Kind = "search"
)

// Burns reports whether the handler of connection number i burns CPU in the Tail kind.
// The client decides, by the first byte of its messages, because only it knows the number.
func Burns(i int) bool { return i%10 == 9 }

// The first byte of an echo message tells the server of the Tail kind whether to burn CPU.
const (
	PlainByte = 'e'
	BurnByte  = 'B'
)

// UnixPrefix is how the address of a Unix socket begins, as a server tells it; the path follows.
const UnixPrefix = "unix:"

// Workload is a Kind with its parameters. It travels to the child processes as JSON.
type Workload struct {
	Kind      Kind `json:"kind"`
	Conns     int  `json:"conns"`                // connections that carry traffic
	Size      int  `json:"size,omitempty"`       // bytes in a message, a write or a file
	Depth     int  `json:"depth,omitempty"`      // messages in flight per connection, at least 1
	IdleConns int  `json:"idle_conns,omitempty"` // further connections that stay silent

	Burn      time.Duration `json:"burn_ns,omitempty"`    // CPU time that a handler burns
	BurnLoops int           `json:"burn_loops,omitempty"` // what that is on this machine, for Burn
	// of the HTTPBurn kind: 1 if all requests burn
	BurnOneIn int `json:"burn_one_in,omitempty"`

	Files int  `json:"files,omitempty"` // of the Search kind
	Cold  bool `json:"cold,omitempty"`  // their contents are not in memory

	Share float64 `json:"share,omitempty"` // open loop: the rate as a share of what package net can do
	// open loop: requests/s in all; found from Share if that is given
	Rate  float64 `json:"rate,omitempty"`
	Burst Burst   `json:"burst,omitzero"` // open loop: requests come in bursts
}

// Open reports whether requests are sent at a given rate, whether or not answers have come.
func (w Workload) Open() bool { return w.Rate > 0 || w.Share > 0 }

// Paced reports whether requests/s are given, and so say nothing about a server.
func (w Workload) Paced() bool { return w.Open() || w.Kind == Push }

// Closed is the same work in a closed loop: each answer lets the next request go.
func (w Workload) Closed() Workload {
	w.Share, w.Rate, w.Burst = 0, 0, Burst{}
	return w
}

// Sockets is how many connections a server has at most.
func (w Workload) Sockets() int {
	if w.Kind == Proxy {
		return 2 * w.Conns
	}
	return w.Conns + w.IdleConns
}

// TLS reports whether connections are encrypted.
func (w Workload) TLS() bool { return w.Kind == HTTPS || w.Kind == HTTP2 }

// Pipelines reports whether Depth may be greater than one.
func (w Workload) Pipelines() bool {
	if w.Open() {
		return false // as many are in flight as the rate makes
	}
	switch w.Kind {
	case Echo, HTTP, HTTPFile, Idle:
		return true
	}
	return false
}

// HasEpoll reports whether the raw epoll server can run this workload.
func (w Workload) HasEpoll() bool {
	switch w.Kind {
	case Echo, HTTP, Churn, Tail, Idle:
		return true
	}
	return false
}

// HasPeer reports whether the echo server on iouring-go's own API can run this workload.
func (w Workload) HasPeer() bool {
	switch w.Kind {
	case Echo, Churn, Idle:
		return true
	}
	return false
}
