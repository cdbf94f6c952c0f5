//go:build linux

package socket

import (
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// Conn is a connected stream or sequenced-packet socket. Its methods may be called from any
// goroutine; see the documentation of the package for what they return.
type Conn struct {
	endpoint // its fd is valid while guard is held, or rd.mu or wr.mu with the direction not closed

	guard   fdGuard
	network string

	// lingers is set if close(2) may wait, because somebody may have set SO_LINGER through this
	// package, or the listener had it.
	lingers atomic.Bool

	addrs addrPair
}

// newConn makes a connection of a connected socket, and owns fd from then on. The socket was made
// by this package or, where shared is set, somebody else may have its descriptor.
func newConn(fd int, kind kind, network string, shared bool) *Conn {
	c := &Conn{network: network}
	c.init(fd, kind)
	c.guard.shared.Store(shared)
	return c
}

// NewUnixStream makes a connection of a connected Unix stream socket that nobody else has, and owns
// fd from then on.
func NewUnixStream(fd int) *Conn { return newConn(fd, unixStream, "unix", false) }

// Network is what the socket was made with, such as "tcp4".
func (c *Conn) Network() string { return c.network }

// IsStream reports whether the socket carries a stream of bytes and not packets.
func (c *Conn) IsStream() bool { return c.isStream() }

// Write returns how many bytes the kernel has, all of p unless there is an error.
func (c *Conn) Write(p []byte) (done int, err error) {
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	return c.write(p)
}

// Close interrupts all calls, waits until they have left and the kernel has let go of the socket,
// and closes it. Its error is bare, as those of all methods.
func (c *Conn) Close() error {
	c.addrs.remember(c) // the errors of what is interrupted name the addresses
	if err := c.guard.close(); err != nil {
		return err
	}
	c.poll.Evict()
	c.guard.awaitUsers()
	c.rd.mu.Lock()
	c.receive.op.AwaitRelease() // a receive that is done may still hold the socket
	c.wr.mu.Lock()
	c.poll.Close()
	// From here on nobody uses fd: whoever locks a direction finds it closed.
	c.wr.mu.Unlock()
	c.rd.mu.Unlock()
	if c.closesAtOnce() {
		return closeNow(c.fd)
	}
	return closeFD(c.fd)
}

// closesAtOnce reports whether close(2) cannot wait: it does for SO_LINGER, and a Unix socket may
// hold others, which linger in its place.
func (c *Conn) closesAtOnce() bool {
	return c.kind == tcp && !c.lingers.Load() && !c.guard.isShared()
}

// CloseLost closes a connection that the program has lost, unless it has closed it.
func (c *Conn) CloseLost() {
	if !c.guard.isClosing() { // it has, as a rule
		c.Close()
	}
}

// SetDeadline sets the deadline of both directions; the zero time clears it.
func (c *Conn) SetDeadline(t time.Time) error { return netError(c.poll.SetDeadline(t)) }

// SetReadDeadline sets the deadline of reading.
func (c *Conn) SetReadDeadline(t time.Time) error { return netError(c.rd.side.SetDeadline(t)) }

// SetWriteDeadline sets the deadline of writing.
func (c *Conn) SetWriteDeadline(t time.Time) error { return netError(c.wr.side.SetDeadline(t)) }

// LocalAddr is nil where the kernel does not say.
func (c *Conn) LocalAddr() net.Addr { return c.addrs.of(c).local }

// RemoteAddr is nil where the kernel does not say.
func (c *Conn) RemoteAddr() net.Addr { return c.addrs.of(c).remote }

// CloseRead shuts down reading.
func (c *Conn) CloseRead() error { return c.shutdown(syscall.SHUT_RD) }

// CloseWrite shuts down writing: the peer reads the end of the stream.
func (c *Conn) CloseWrite() error { return c.shutdown(syscall.SHUT_WR) }

func (c *Conn) shutdown(how int) error {
	raceWrite() // the peer may read the end of file
	return c.guard.with(c.fd, "shutdown", func(fd int) error { return syscall.Shutdown(fd, how) })
}
