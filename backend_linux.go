package uringnet

import (
	"io"
	"math"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
	"github.com/uringnet/uringnet/internal/sched"
	"github.com/uringnet/uringnet/internal/socket"
)

func readRingStats() Stats {
	var s Stats
	for _, r := range sched.ReadStats() {
		s.Rings = append(s.Rings, RingStats(r))
	}
	return s
}

func probeFeatures() (Features, error) {
	fs, err := ring.Probe()
	if err != nil {
		return nil, ring.Explain(err)
	}
	var out Features
	for _, f := range fs {
		u := Feature{Name: f.Name, Since: f.Since, Required: f.Required, Available: f.Available}
		if f.Err != nil {
			u.Why = f.Err.Error()
		}
		out = append(out, u)
	}
	return out, nil
}

// socketBackend runs the sockets of this package on internal/socket, with rings or without. What
// those return is bare; here it becomes a *net.OpError, as package net words it.
type socketBackend struct{}

func sockets() backend { return socketBackend{} }

func (socketBackend) tcpConn(nc *net.TCPConn, shared bool) (*TCPConn, error) {
	c, err := socket.TakeOverTCP(nc, shared)
	if err != nil {
		return nil, err
	}
	return tcpHandle(c), nil
}

func (socketBackend) unixConn(nc *net.UnixConn, shared bool) (*UnixConn, error) {
	if !isUnixStream(nc.LocalAddr().Network()) {
		return &UnixConn{s: nc}, nil
	}
	c, err := socket.TakeOverUnix(nc, shared)
	if err != nil {
		return nil, err
	}
	return unixHandle(c), nil
}

func (socketBackend) tcpListener(nl *net.TCPListener, lc *net.ListenConfig, shared bool) (*TCPListener, error) {
	l, err := socket.TakeOverTCPListener(nl, lc, shared)
	if err != nil {
		return nil, err
	}
	handle := &TCPListener{s: tcpListener{listener{&l.Listener}, l}}
	closeWhenLost(handle, &l.Listener)
	return handle, nil
}

func (socketBackend) unixListener(nl *net.UnixListener, shared bool) (*UnixListener, error) {
	l, err := socket.TakeOverUnixListener(nl, shared)
	if err != nil {
		return nil, err
	}
	handle := &UnixListener{s: unixListener{listener{&l.Listener}, l}}
	closeWhenLost(handle, &l.Listener)
	return handle, nil
}

func tcpHandle(c *socket.Conn) *TCPConn {
	handle := &TCPConn{s: tcpConn{conn{c}}}
	closeWhenLost(handle, c)
	return handle
}

func unixHandle(c *socket.Conn) *UnixConn {
	handle := &UnixConn{s: unixConn{conn{c}}}
	closeWhenLost(handle, c)
	return handle
}

// closeWhenLost makes the garbage collector close a socket that the program has lost, as package
// net does. The handle is what the program holds; the rings hold the socket only.
func closeWhenLost[T any, S interface{ CloseLost() }](handle *T, s S) {
	runtime.AddCleanup(handle, S.CloseLost, s)
}

// conn is what TCP and Unix connections have in common. It is one pointer, which fits into an
// interface as it is.
type conn struct{ s *socket.Conn }

// opError is the error of a call on a connection as package net words it.
func (c conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: c.s.Network(), Source: c.s.LocalAddr(), Addr: c.s.RemoteAddr(), Err: err}
}

// named is opError, but success and the end of a stream are what they are.
func (c conn) named(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return c.opError(op, err)
}

// namedSet is named for what package net says of the setting of deadlines and buffers.
func (c conn) namedSet(err error) error {
	if err == nil {
		return nil
	}
	return &net.OpError{Op: "set", Net: c.s.Network(), Addr: c.s.LocalAddr(), Err: err}
}

func (c conn) Read(p []byte) (int, error) {
	n, err := c.s.Read(p)
	return n, c.named("read", err)
}

func (c conn) Write(p []byte) (int, error) {
	n, err := c.s.Write(p)
	return n, c.named("write", err)
}

func (c conn) Close() error                       { return c.named("close", c.s.Close()) }
func (c conn) CloseRead() error                   { return c.named("close", c.s.CloseRead()) }
func (c conn) CloseWrite() error                  { return c.named("close", c.s.CloseWrite()) }
func (c conn) LocalAddr() net.Addr                { return c.s.LocalAddr() }
func (c conn) RemoteAddr() net.Addr               { return c.s.RemoteAddr() }
func (c conn) SetDeadline(t time.Time) error      { return c.namedSet(c.s.SetDeadline(t)) }
func (c conn) SetReadDeadline(t time.Time) error  { return c.namedSet(c.s.SetReadDeadline(t)) }
func (c conn) SetWriteDeadline(t time.Time) error { return c.namedSet(c.s.SetWriteDeadline(t)) }
func (c conn) SetReadBuffer(bytes int) error      { return c.namedSet(c.s.SetReadBuffer(bytes)) }
func (c conn) SetWriteBuffer(bytes int) error     { return c.namedSet(c.s.SetWriteBuffer(bytes)) }

func (c conn) File() (*os.File, error) {
	f, err := c.s.File()
	return f, c.named("file", err)
}

func (c conn) SyscallConn() (syscall.RawConn, error) { return rawConn(c), nil }

// rawConn is raw access to a connection.
type rawConn struct{ s *socket.Conn }

func (c rawConn) Control(f func(fd uintptr)) error {
	if err := c.s.RawControl(f); err != nil {
		return &net.OpError{Op: "raw-control", Net: c.s.Network(), Addr: c.s.LocalAddr(), Err: err}
	}
	return nil
}

func (c rawConn) Read(f func(fd uintptr) bool) error {
	return conn(c).named("raw-read", c.s.RawRead(f))
}

func (c rawConn) Write(f func(fd uintptr) bool) error {
	return conn(c).named("raw-write", c.s.RawWrite(f))
}

// tcpConn is a TCP connection.
type tcpConn struct{ conn }

func (c tcpConn) SetLinger(sec int) error       { return c.named("set", c.s.SetLinger(sec)) }
func (c tcpConn) SetNoDelay(noDelay bool) error { return c.named("set", c.s.SetNoDelay(noDelay)) }
func (c tcpConn) SetKeepAlive(on bool) error    { return c.named("set", c.s.SetKeepAlive(on)) }
func (c tcpConn) MultipathTCP() (bool, error)   { return c.s.MultipathTCP(), nil }
func (c tcpConn) SetKeepAlivePeriod(d time.Duration) error {
	return c.named("set", c.s.SetKeepAlivePeriod(d))
}
func (c tcpConn) SetKeepAliveConfig(k net.KeepAliveConfig) error {
	return c.named("set", c.s.SetKeepAliveConfig(k))
}

func (c tcpConn) writeBuffers(v *net.Buffers) (int64, error) {
	n, err := c.s.WriteBuffers(v)
	return n, c.named("writev", err)
}

// ReadFrom sends a stream socket by splice(2), a regular file by sendfile(2), and everything else
// through io.Copy.
func (c tcpConn) ReadFrom(r io.Reader) (int64, error) {
	n, handled, err := c.readFromDescriptor(r)
	if !handled {
		n, err = io.Copy(struct{ io.Writer }{c}, r)
	}
	return n, c.named("readfrom", err)
}

// readFromDescriptor sends r, or what is limited by it, if the kernel can do so by itself, and
// reports whether it can.
func (c tcpConn) readFromDescriptor(r io.Reader) (n int64, handled bool, err error) {
	limit := int64(math.MaxInt64)
	lr, limited := r.(*io.LimitedReader)
	if limited {
		if limit, r = lr.N, lr.R; limit <= 0 {
			return 0, true, nil
		}
	}
	switch src := r.(type) {
	case interface{ socket() *socket.Conn }:
		if src.socket().IsStream() {
			n, err = c.s.SpliceFrom(src.socket(), limit)
			handled = true
		}
	case syscall.Conn: // an *os.File, or the disguise that io.Copy shows of one
		n, handled, err = c.s.SendFile(src, limit)
	}
	if limited {
		lr.N -= n
	}
	return n, handled, err
}

// WriteTo copies to a Unix stream by splice(2), and to all that reads from a reader as that does.
func (c tcpConn) WriteTo(w io.Writer) (n int64, err error) {
	if dst, ok := w.(unixConn); ok && dst.s.IsStream() {
		n, err = dst.s.SpliceFrom(c.s, math.MaxInt64)
	} else {
		n, err = io.Copy(w, tcpReader{c})
	}
	return n, c.named("writeto", err)
}

// socket shows what can be spliced.
func (c conn) socket() *socket.Conn { return c.s }

// tcpReader is the reading side of a connection for io.Copy, which is to ask the other side first
// how to copy.
type tcpReader struct{ c tcpConn }

func (r tcpReader) Read(p []byte) (int, error) { return r.c.Read(p) }

func (r tcpReader) socket() *socket.Conn { return r.c.s }

// unixConn is a stream or sequenced-packet Unix connection.
type unixConn struct{ conn }

func (c unixConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromUnix(b)
	return n, orNoAddr(addr), err
}

func (c unixConn) ReadFromUnix(b []byte) (int, *net.UnixAddr, error) {
	n, addr, err := c.s.ReadFrom(b)
	return n, addr, c.namedMessage(err)
}

func (c unixConn) ReadMsgUnix(b, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error) {
	n, oobn, flags, addr, err = c.s.ReadMsg(b, oob)
	return n, oobn, flags, addr, c.namedMessage(err)
}

// namedMessage is the error of ReadFrom and its kin, in the form of the release of Go that compiles
// this.
func (c unixConn) namedMessage(err error) error {
	if err == io.EOF && !socket.BareMessageEOF {
		return c.opError("read", err)
	}
	return c.named("read", err)
}

func (c unixConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	a, ok := addr.(*net.UnixAddr)
	if !ok {
		return 0, c.writeError(addr, syscall.EINVAL)
	}
	return c.WriteToUnix(b, a)
}

// WriteToUnix fails: package net refuses it on a connected socket.
func (c unixConn) WriteToUnix(_ []byte, addr *net.UnixAddr) (int, error) {
	return 0, c.writeError(orNoAddr(addr), net.ErrWriteToConnected)
}

func (c unixConn) WriteMsgUnix(b, oob []byte, addr *net.UnixAddr) (n, oobn int, err error) {
	n, err = c.s.WriteMsg(b, oob, addr)
	if err != nil {
		return n, 0, c.writeError(orNoAddr(addr), err)
	}
	return n, len(oob), nil
}

func orNoAddr(addr *net.UnixAddr) net.Addr {
	if addr == nil {
		return nil
	}
	return addr
}

// writeError names the address that a message was meant for.
func (c unixConn) writeError(to net.Addr, err error) error {
	return &net.OpError{Op: "write", Net: c.s.Network(), Source: c.s.LocalAddr(), Addr: to, Err: err}
}

// listener is what TCP and Unix listeners have in common.
type listener struct{ l *socket.Listener }

func (l listener) named(op string, err error) error {
	if err == nil {
		return nil
	}
	return &net.OpError{Op: op, Net: l.l.Network(), Addr: l.l.Addr(), Err: err}
}

func (l listener) Addr() net.Addr                { return l.l.Addr() }
func (l listener) SetDeadline(t time.Time) error { return l.l.SetDeadline(t) }

func (l listener) File() (*os.File, error) {
	f, err := l.l.File()
	return f, l.named("file", err)
}

func (l listener) SyscallConn() (syscall.RawConn, error) { return rawListener{l}, nil }

// rawListener is raw access to a listener: only Control works, as in package net.
type rawListener struct{ l listener }

func (r rawListener) Control(f func(fd uintptr)) error {
	return r.l.named("raw-control", r.l.l.RawControl(f))
}

func (rawListener) Read(func(uintptr) bool) error  { return syscall.EINVAL }
func (rawListener) Write(func(uintptr) bool) error { return syscall.EINVAL }

type tcpListener struct {
	listener
	s *socket.TCPListener
}

func (l tcpListener) Close() error { return l.named("close", l.s.Close()) }

func (l tcpListener) accept() (*TCPConn, error) {
	c, err := l.s.Accept()
	if err != nil {
		return nil, l.named("accept", err)
	}
	return tcpHandle(c), nil
}

type unixListener struct {
	listener
	s *socket.UnixListener
}

func (l unixListener) Close() error                 { return l.named("close", l.s.Close()) }
func (l unixListener) SetUnlinkOnClose(unlink bool) { l.s.SetUnlinkOnClose(unlink) }

func (l unixListener) accept() (*UnixConn, error) {
	c, err := l.s.Accept()
	if err != nil {
		return nil, l.named("accept", err)
	}
	return unixHandle(c), nil
}
