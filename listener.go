package uringnet

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"
)

// socketListener is what a listener is made of, whichever backend runs it.
type socketListener interface {
	syscall.Conn
	Addr() net.Addr
	Close() error
	File() (*os.File, error)
	SetDeadline(t time.Time) error
}

// tcpAcceptor is a TCP listener of either backend.
type tcpAcceptor interface {
	socketListener
	accept() (*TCPConn, error)
}

// unixAcceptor is a Unix listener of either backend.
type unixAcceptor interface {
	socketListener
	SetUnlinkOnClose(unlink bool)
	accept() (*UnixConn, error)
}

// TCPListener is a TCP listener with the method set of [net.TCPListener].
// All methods may be called from any goroutine. A nil or zero TCPListener answers syscall.EINVAL.
type TCPListener struct {
	s tcpAcceptor
}

// UnixListener is a Unix socket listener with the method set of [net.UnixListener].
// All methods may be called from any goroutine. A nil or zero UnixListener answers syscall.EINVAL.
type UnixListener struct {
	s unixAcceptor
}

var (
	_ socketListener = (*TCPListener)(nil)
	_ socketListener = (*UnixListener)(nil)
)

func (l *TCPListener) ok() bool  { return l != nil && l.s != nil }
func (l *UnixListener) ok() bool { return l != nil && l.s != nil }

// Accept waits for the next connection, a [*TCPConn]. See [net.Listener].
func (l *TCPListener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptTCP waits for the next connection. Errors are package net's: net.ErrClosed after Close,
// os.ErrDeadlineExceeded after the deadline, a Temporary error when file descriptors run out.
func (l *TCPListener) AcceptTCP() (*TCPConn, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	c, err := l.s.accept()
	runtime.KeepAlive(l) // its cleanup closes the socket
	return c, err
}

// Close stops listening; accepted connections stay open. When it returns, the address is free.
func (l *TCPListener) Close() error {
	if !l.ok() {
		return syscall.EINVAL
	}
	return l.s.Close()
}

// Addr returns the listener's address, a [*net.TCPAddr] that is shared by all calls: do not modify
// it.
func (l *TCPListener) Addr() net.Addr {
	if !l.ok() {
		return nil
	}
	return l.s.Addr()
}

// SetDeadline sets the deadline of blocked and future Accepts; the zero time clears it.
func (l *TCPListener) SetDeadline(t time.Time) error {
	if !l.ok() {
		return syscall.EINVAL
	}
	return l.s.SetDeadline(t)
}

// File returns a duplicate of the listening file descriptor; the caller closes it. Connections are
// taken from the backlog only while an Accept waits, so whoever gets the duplicate finds all
// others. See [net.TCPListener.File].
func (l *TCPListener) File() (*os.File, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	f, err := l.s.File()
	runtime.KeepAlive(l)
	return f, err
}

// SyscallConn returns raw access to the file descriptor, for Control only. See
// [net.TCPListener.SyscallConn].
func (l *TCPListener) SyscallConn() (syscall.RawConn, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	return rawConnOf(l.s, l)
}

// Accept waits for the next connection, a [*UnixConn]. See [net.Listener].
func (l *UnixListener) Accept() (net.Conn, error) {
	c, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptUnix waits for the next connection; its errors are those of [TCPListener.AcceptTCP].
func (l *UnixListener) AcceptUnix() (*UnixConn, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	c, err := l.s.accept()
	runtime.KeepAlive(l) // its cleanup closes the socket
	return c, err
}

// Close stops listening and, unless SetUnlinkOnClose(false) was called, removes the socket file.
func (l *UnixListener) Close() error {
	if !l.ok() {
		return syscall.EINVAL
	}
	return l.s.Close()
}

// Addr returns the listener's address, a [*net.UnixAddr] that is shared by all calls: do not modify
// it.
func (l *UnixListener) Addr() net.Addr {
	if !l.ok() {
		return nil
	}
	return l.s.Addr()
}

// SetDeadline sets the deadline of blocked and future Accepts; the zero time clears it.
func (l *UnixListener) SetDeadline(t time.Time) error {
	if !l.ok() {
		return syscall.EINVAL
	}
	return l.s.SetDeadline(t)
}

// File returns a duplicate of the listening file descriptor, as [TCPListener.File] does.
func (l *UnixListener) File() (*os.File, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	f, err := l.s.File()
	runtime.KeepAlive(l)
	return f, err
}

// SyscallConn returns raw access to the file descriptor, for Control only. See
// [net.UnixListener.SyscallConn].
func (l *UnixListener) SyscallConn() (syscall.RawConn, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	return rawConnOf(l.s, l)
}

// SetUnlinkOnClose sets whether Close removes the socket file. See
// [net.UnixListener.SetUnlinkOnClose].
func (l *UnixListener) SetUnlinkOnClose(unlink bool) {
	if l.ok() {
		l.s.SetUnlinkOnClose(unlink)
	}
}

// ListenConfig holds the options of Listen. It has the fields of [net.ListenConfig] and converts to
// and from it.
type ListenConfig net.ListenConfig

// MultipathTCP reports whether MPTCP will be used. See [net.ListenConfig.MultipathTCP].
func (lc *ListenConfig) MultipathTCP() bool { return (*net.ListenConfig)(lc).MultipathTCP() }

// SetMultipathTCP sets whether MPTCP will be used. See [net.ListenConfig.SetMultipathTCP].
func (lc *ListenConfig) SetMultipathTCP(use bool) { (*net.ListenConfig)(lc).SetMultipathTCP(use) }

// Listen announces on the local address. On "tcp", "tcp4", "tcp6" the listener is a [*TCPListener],
// on "unix" and "unixpacket" a [*UnixListener]. Package net resolves the address and
// creates the socket, so that options, Control hooks and errors are its own. With URINGNET=require
// and no io_uring the error says why.
func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l, err := (*net.ListenConfig)(lc).Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	u, err := newListener(l, (*net.ListenConfig)(lc), lc.Control != nil) // a hook may keep a duplicate
	if err != nil {
		err = takeOverError("listen", network, nil, l.Addr(), err)
	}
	return orClose(u, err, l)
}

// ListenPacket is [net.ListenConfig.ListenPacket]: packet sockets stay package net's.
func (lc *ListenConfig) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	return (*net.ListenConfig)(lc).ListenPacket(ctx, network, address)
}

// Listen is [net.Listen] with a socket of this package; see [ListenConfig.Listen].
func Listen(network, address string) (net.Listener, error) {
	var lc ListenConfig
	return lc.Listen(context.Background(), network, address)
}

// ListenTCP is [net.ListenTCP] with a socket of this package.
func ListenTCP(network string, laddr *net.TCPAddr) (*TCPListener, error) {
	l, err := net.ListenTCP(network, laddr)
	if err != nil {
		return nil, err
	}
	u, err := chooseBackend().tcpListener(l, new(net.ListenConfig), false)
	return orClose(u, err, l)
}

// ListenUnix is [net.ListenUnix] with a socket of this package.
func ListenUnix(network string, laddr *net.UnixAddr) (*UnixListener, error) {
	l, err := net.ListenUnix(network, laddr)
	if err != nil {
		return nil, err
	}
	u, err := chooseBackend().unixListener(l, false)
	return orClose(u, err, l)
}

// FileListener is [net.FileListener] with a socket of this package, for a listener inherited from
// another process. The caller closes f.
func FileListener(f *os.File) (net.Listener, error) {
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	u, err := NewListener(l)
	return orClose(u, err, l)
}

// NewListener takes over l, a [*net.TCPListener] or a [*net.UnixListener] from anywhere, such as
// socket activation, and closes it: connections come from the listener that is returned. A listener
// of this package is returned as it is. Taking over a listener that is closed or was taken over
// before fails with net.ErrClosed; any other type is an error. When NewListener fails, l is left as
// it was.
func NewListener(l net.Listener) (net.Listener, error) { return newListener(l, nil, true) }

// newListener is NewListener for a listener that was created with lc, or nobody knows how if that
// is nil, and whose descriptor somebody else may have, or not.
func newListener(l net.Listener, lc *net.ListenConfig, shared bool) (net.Listener, error) {
	switch nl := l.(type) {
	case *TCPListener:
		if nl.ok() {
			return nl, nil
		}
	case *UnixListener:
		if nl.ok() {
			return nl, nil
		}
	case *net.TCPListener:
		if nl != nil {
			return listenerOrNil(chooseBackend().tcpListener(nl, lc, shared))
		}
	case *net.UnixListener:
		if nl != nil {
			return listenerOrNil(chooseBackend().unixListener(nl, shared))
		}
	default:
		return nil, fmt.Errorf("uringnet: cannot take over a %T: pass a *net.TCPListener or a *net.UnixListener", l)
	}
	return nil, syscall.EINVAL
}

// listenerOrNil makes l an interface, which is nil if there is an error.
func listenerOrNil[L net.Listener](l L, err error) (net.Listener, error) {
	if err != nil {
		return nil, err
	}
	return l, nil
}
