package uringnet

import (
	"net"
	"sync"

	"github.com/uringnet/uringnet/internal/choice"
)

// BackendInfo says which implementation runs the sockets of this process.
type BackendInfo struct {
	// Name is "io_uring", "poller" or "net".
	Name string `json:"name"`
	// Reason says why, in words for a person.
	Reason string `json:"reason"`
}

// String returns the name and the reason on one line.
func (b BackendInfo) String() string { return b.Name + " (" + b.Reason + ")" }

// Backend reports which implementation runs the sockets of this process and why. There are three,
// tried in this order:
//
//   - "io_uring": the sockets of this package. Receives of connections that are at work together
//     wait on a ring, all else in the runtime's poller.
//   - "poller": the same sockets without a ring, where io_uring cannot be had, as in most
//     containers.
//   - "net": package net's sockets, where the runtime's poller cannot be reached either: on systems
//     other than Linux, and with a release of Go that is newer than this package knows.
//
// The first call, or the first socket, decides it for the life of the process. The environment
// variable URINGNET steers it: "auto" or nothing as above, "poller" without io_uring, "off" means
// package net, "require" makes every Listen and Dial fail where io_uring cannot be had. It may be
// called from any goroutine.
func Backend() BackendInfo {
	return chooseBackend().info
}

// ErrUnavailable is in the error chain of Listen and Dial when URINGNET=require and io_uring cannot
// be had.
var ErrUnavailable = choice.ErrUnavailable

// backend makes the sockets of this package, one method for each kind of handle.
//
// Each takes over a socket of package net, which closes that one, or leaves it as it was and fails.
// Where shared is set somebody else may have the descriptor, too. There is none for a Dialer: dials
// are package net's in every backend, and what it has dialed is taken over.
type backend interface {
	tcpConn(nc *net.TCPConn, shared bool) (*TCPConn, error)
	unixConn(nc *net.UnixConn, shared bool) (*UnixConn, error)

	// tcpListener takes over nl, which was created with lc, or nobody knows how if that is nil.
	tcpListener(nl *net.TCPListener, lc *net.ListenConfig, shared bool) (*TCPListener, error)
	unixListener(nl *net.UnixListener, shared bool) (*UnixListener, error)
}

// chosen is a backend and why it is the one.
type chosen struct {
	backend
	info BackendInfo
}

var chooseBackend = sync.OnceValue(func() chosen {
	c := choice.Chosen()
	return chosen{backendOf(c), BackendInfo{c.Name, c.Reason}}
})

func backendOf(c choice.Backend) backend {
	switch {
	case c.Err != nil:
		return refusal{c.Err}
	case c.Name == choice.Net:
		return netBackend{}
	}
	return sockets()
}

// refusal is the backend where the environment forbids all that can be had.
type refusal struct{ err error }

func (r refusal) tcpConn(*net.TCPConn, bool) (*TCPConn, error)    { return nil, r.err }
func (r refusal) unixConn(*net.UnixConn, bool) (*UnixConn, error) { return nil, r.err }
func (r refusal) tcpListener(*net.TCPListener, *net.ListenConfig, bool) (*TCPListener, error) {
	return nil, r.err
}
func (r refusal) unixListener(*net.UnixListener, bool) (*UnixListener, error) { return nil, r.err }
