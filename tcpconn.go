package uringnet

import (
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"
)

// TCPConn is a TCP connection with the method set of [net.TCPConn].
//
// All methods may be called from any goroutine. Reads exclude each other, and
// so do writes; Close and the deadline setters never wait for I/O in progress
// to finish by itself. Errors are those of package net: a [*net.OpError], or
// bare [io.EOF]. A nil or zero TCPConn answers syscall.EINVAL.
type TCPConn struct {
	s tcpSocket
}

var (
	_ net.Conn      = (*TCPConn)(nil)
	_ syscall.Conn  = (*TCPConn)(nil)
	_ io.ReaderFrom = (*TCPConn)(nil)
	_ io.WriterTo   = (*TCPConn)(nil)
	_ tcpSocket     = (*TCPConn)(nil)
	_ tcpSocket     = (*net.TCPConn)(nil)
)

func (c *TCPConn) ok() bool { return c != nil && c.s != nil }

// Read reads up to len(b) bytes. It returns io.EOF, unwrapped, when the peer has
// closed its side, and an error that is os.ErrDeadlineExceeded or net.ErrClosed by
// errors.Is when a deadline passes or the connection is closed. Reading into an
// empty slice returns 0, nil. See [net.Conn].
func (c *TCPConn) Read(b []byte) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.s.Read(b)
	runtime.KeepAlive(c) // its cleanup closes the socket
	return n, err
}

// Write writes all of b unless it fails; n < len(b) comes with an error.
// Bytes that were handed over before a deadline or Close are counted in n. See [net.Conn].
func (c *TCPConn) Write(b []byte) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.s.Write(b)
	runtime.KeepAlive(c)
	return n, err
}

// Close closes the connection and makes blocked calls return net.ErrClosed.
// When it returns, the file descriptor is closed. A second Close returns net.ErrClosed.
func (c *TCPConn) Close() error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.Close()
}

// LocalAddr returns the local address, a [*net.TCPAddr] that is shared by all calls: do not modify
// it.
func (c *TCPConn) LocalAddr() net.Addr {
	if !c.ok() {
		return nil
	}
	return c.s.LocalAddr()
}

// RemoteAddr returns the peer's address, a [*net.TCPAddr] that is shared by all calls: do not
// modify it.
func (c *TCPConn) RemoteAddr() net.Addr {
	if !c.ok() {
		return nil
	}
	return c.s.RemoteAddr()
}

// SetDeadline sets the read and the write deadline. See [net.Conn].
func (c *TCPConn) SetDeadline(t time.Time) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetDeadline(t)
}

// SetReadDeadline sets the deadline of blocked and future reads; the zero time clears it.
// It costs no system call. See [net.Conn].
func (c *TCPConn) SetReadDeadline(t time.Time) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline of blocked and future writes; the zero time clears it. See
// [net.Conn].
func (c *TCPConn) SetWriteDeadline(t time.Time) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetWriteDeadline(t)
}

// SetReadBuffer sets SO_RCVBUF, in bytes. See [net.TCPConn.SetReadBuffer].
func (c *TCPConn) SetReadBuffer(bytes int) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetReadBuffer(bytes)
}

// SetWriteBuffer sets SO_SNDBUF, in bytes. See [net.TCPConn.SetWriteBuffer].
func (c *TCPConn) SetWriteBuffer(bytes int) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetWriteBuffer(bytes)
}

// File returns a duplicate of the connection's file descriptor; the caller closes it. See
// [net.TCPConn.File].
func (c *TCPConn) File() (*os.File, error) {
	if !c.ok() {
		return nil, syscall.EINVAL
	}
	f, err := c.s.File()
	runtime.KeepAlive(c)
	return f, err
}

// SyscallConn returns raw access to the file descriptor. A raw Read or Write waits, edge-triggered,
// while its callback returns false. See [syscall.RawConn].
func (c *TCPConn) SyscallConn() (syscall.RawConn, error) {
	if !c.ok() {
		return nil, syscall.EINVAL
	}
	return rawConnOf(c.s, c)
}

// WriteBuffers writes all of v with as few system calls as possible, and consumes from v what it
// has written. It is what [net.Buffers.WriteTo] does on a [*net.TCPConn]; on a connection of any
// other type, this one included, that method writes buffer by buffer. Errors name the operation
// writev.
func (c *TCPConn) WriteBuffers(v *net.Buffers) (int64, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	bw, ok := c.s.(buffersWriter)
	if !ok {
		return v.WriteTo(c.s)
	}
	n, err := bw.writeBuffers(v)
	runtime.KeepAlive(c)
	return n, err
}

// ReadFrom writes everything that r yields; it implements [io.ReaderFrom]. A regular *os.File, or
// an *io.LimitedReader over one, is sent by sendfile(2); what comes from another TCPConn, or a
// UnixConn of a stream, by splice(2) where much comes at once. See [net.TCPConn.ReadFrom].
func (c *TCPConn) ReadFrom(r io.Reader) (int64, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	src, done := unwrapReader(r)
	defer done()
	n, err := c.s.ReadFrom(src)
	runtime.KeepAlive(c)
	runtime.KeepAlive(r) // it may be the handle of another connection
	return n, err
}

// WriteTo copies to w until EOF; it implements [io.WriterTo]. To another TCPConn, or a UnixConn of
// a stream, it goes as ReadFrom does. See [net.TCPConn.WriteTo].
func (c *TCPConn) WriteTo(w io.Writer) (int64, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.s.WriteTo(unwrapped(w))
	runtime.KeepAlive(c)
	runtime.KeepAlive(w)
	return n, err
}

// CloseRead shuts down the reading side. See [net.TCPConn.CloseRead].
func (c *TCPConn) CloseRead() error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.CloseRead()
}

// CloseWrite shuts down the writing side: the peer reads EOF. See [net.TCPConn.CloseWrite].
func (c *TCPConn) CloseWrite() error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.CloseWrite()
}

// SetLinger sets SO_LINGER, in seconds; negative means off. See [net.TCPConn.SetLinger].
func (c *TCPConn) SetLinger(sec int) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetLinger(sec)
}

// SetNoDelay sets TCP_NODELAY, which is on by default. See [net.TCPConn.SetNoDelay].
func (c *TCPConn) SetNoDelay(noDelay bool) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetNoDelay(noDelay)
}

// SetKeepAlive sets SO_KEEPALIVE. See [net.TCPConn.SetKeepAlive].
func (c *TCPConn) SetKeepAlive(keepalive bool) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetKeepAlive(keepalive)
}

// SetKeepAlivePeriod sets TCP_KEEPIDLE, rounded up to seconds. See
// [net.TCPConn.SetKeepAlivePeriod].
func (c *TCPConn) SetKeepAlivePeriod(d time.Duration) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetKeepAlivePeriod(d)
}

// SetKeepAliveConfig sets all keep-alive options. See [net.TCPConn.SetKeepAliveConfig].
func (c *TCPConn) SetKeepAliveConfig(config net.KeepAliveConfig) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetKeepAliveConfig(config)
}

// MultipathTCP reports whether the connection uses Multipath TCP now. See
// [net.TCPConn.MultipathTCP].
func (c *TCPConn) MultipathTCP() (bool, error) {
	if !c.ok() {
		return false, syscall.EINVAL
	}
	return c.s.MultipathTCP()
}

// DialTCP is [net.DialTCP] with a connection of this package. Errors are package net's.
func DialTCP(network string, laddr, raddr *net.TCPAddr) (*TCPConn, error) {
	if !isTCP(network) || raddr == nil {
		_, err := net.DialTCP(network, laddr, raddr)
		return nil, err
	}
	var d Dialer
	if laddr != nil {
		d.LocalAddr = laddr
	}
	c, err := d.Dial(network, raddr.String())
	if err != nil {
		return nil, err
	}
	return c.(*TCPConn), nil
}

func isTCP(network string) bool {
	return network == "tcp" || network == "tcp4" || network == "tcp6"
}
