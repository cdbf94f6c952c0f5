package uringnet

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"
)

// streamSocket is what a connection is made of, whichever backend runs it.
// Package net's own connections satisfy it.
type streamSocket interface {
	net.Conn
	syscall.Conn
	CloseRead() error
	CloseWrite() error
	File() (*os.File, error)
	SetReadBuffer(bytes int) error
	SetWriteBuffer(bytes int) error
}

// tcpSocket is a TCP connection of any backend.
type tcpSocket interface {
	streamSocket
	io.ReaderFrom
	io.WriterTo
	MultipathTCP() (bool, error)
	SetKeepAlive(keepalive bool) error
	SetKeepAliveConfig(config net.KeepAliveConfig) error
	SetKeepAlivePeriod(d time.Duration) error
	SetLinger(sec int) error
	SetNoDelay(noDelay bool) error
}

// buffersWriter is a socket that writes several buffers with one system call. Package net keeps its
// own to itself.
type buffersWriter interface {
	writeBuffers(v *net.Buffers) (int64, error)
}

// unixSocket is a Unix connection of any backend.
type unixSocket interface {
	streamSocket
	ReadFrom(b []byte) (int, net.Addr, error)
	ReadFromUnix(b []byte) (int, *net.UnixAddr, error)
	ReadMsgUnix(b, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error)
	WriteTo(b []byte, addr net.Addr) (int, error)
	WriteToUnix(b []byte, addr *net.UnixAddr) (int, error)
	WriteMsgUnix(b, oob []byte, addr *net.UnixAddr) (n, oobn int, err error)
}

// FileConn is [net.FileConn] with a socket of this package, for a connection inherited from another
// process. The caller closes f.
func FileConn(f *os.File) (net.Conn, error) {
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
		u, err := newConn(c, true)
		return orClose(u, err, c)
	}
	return c, nil
}

// NewConn takes over c, a [*net.TCPConn] or a [*net.UnixConn] from anywhere, and closes it: use the
// connection that is returned. A connection of this package is returned as it is. Taking over a
// connection that is closed or was taken over before fails with net.ErrClosed; any other type is an
// error. When NewConn fails, c is left as it was. No Read or Write of c may be in progress.
func NewConn(c net.Conn) (net.Conn, error) { return newConn(c, true) }

// newConn is NewConn for a connection whose descriptor somebody else may have, or not.
func newConn(c net.Conn, shared bool) (net.Conn, error) {
	switch nc := c.(type) {
	case *TCPConn:
		if nc.ok() {
			return nc, nil
		}
	case *UnixConn:
		if nc.ok() {
			return nc, nil
		}
	case *net.TCPConn:
		if nc != nil {
			return orNil(chooseBackend().tcpConn(nc, shared))
		}
	case *net.UnixConn:
		if nc != nil && nc.LocalAddr() != nil {
			return orNil(chooseBackend().unixConn(nc, shared))
		}
	default:
		return nil, fmt.Errorf("uringnet: cannot take over a %T: pass a *net.TCPConn or a *net.UnixConn", c)
	}
	return nil, syscall.EINVAL
}

// orNil makes c an interface, which is nil if there is an error.
func orNil[C net.Conn](c C, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}

// orClose closes the socket that v should have taken over, if that has failed: nobody else knows
// it.
func orClose[T any](v T, err error, original io.Closer) (T, error) {
	if err != nil {
		original.Close()
	}
	return v, err
}

// takeOverError is what package net returns where a system call fails that makes a socket.
func takeOverError(op, network string, source, addr net.Addr, err error) error {
	if _, ok := err.(*os.SyscallError); !ok {
		return err
	}
	return &net.OpError{Op: op, Net: network, Source: source, Addr: addr, Err: err}
}

// unwrapReader shows a connection of this package in r, or in the limit around r, as the socket
// that it is made of: that one knows how to splice with another of its kind. done brings a limit up
// to date. A program's own type around a connection stays as it is, with its methods.
func unwrapReader(r io.Reader) (_ io.Reader, done func()) {
	if lr, ok := r.(*io.LimitedReader); ok {
		within := &io.LimitedReader{R: unwrapped(lr.R), N: lr.N}
		return within, func() { lr.N = within.N }
	}
	return unwrapped(r), func() {}
}

// unwrapped is the socket that v is made of, if v is a connection of this package, or v. T is an
// interface that both have.
func unwrapped[T any](v T) T {
	var s any
	switch c := any(v).(type) {
	case *TCPConn:
		if c.ok() {
			s = c.s
		}
	case *UnixConn:
		if c.ok() {
			s = c.s
		}
	}
	if inner, ok := s.(T); ok {
		return inner
	}
	return v
}

// handleRawConn is raw access that keeps the connection's handle reachable, whose cleanup closes
// the socket.
type handleRawConn struct {
	syscall.RawConn
	handle any
}

func rawConnOf(s syscall.Conn, handle any) (syscall.RawConn, error) {
	rc, err := s.SyscallConn()
	if err != nil {
		return nil, err
	}
	return handleRawConn{rc, handle}, nil
}

func (c handleRawConn) Control(f func(fd uintptr)) error {
	defer runtime.KeepAlive(c.handle)
	return c.RawConn.Control(f)
}

func (c handleRawConn) Read(f func(fd uintptr) bool) error {
	defer runtime.KeepAlive(c.handle)
	return c.RawConn.Read(f)
}

func (c handleRawConn) Write(f func(fd uintptr) bool) error {
	defer runtime.KeepAlive(c.handle)
	return c.RawConn.Write(f)
}
