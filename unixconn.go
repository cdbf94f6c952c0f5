package uringnet

import (
	"net"
	"os"
	"runtime"
	"syscall"
	"time"
)

// UnixConn is a Unix socket connection with the method set of [net.UnixConn].
// Stream ("unix") and sequenced-packet ("unixpacket") sockets are this package's own;
// a datagram socket ("unixgram") stays package net's behind the same type.
// What [TCPConn] says of goroutines, errors and nil receivers holds here too.
type UnixConn struct {
	s unixSocket
}

var (
	_ net.Conn       = (*UnixConn)(nil)
	_ net.PacketConn = (*UnixConn)(nil)
	_ syscall.Conn   = (*UnixConn)(nil)
	_ unixSocket     = (*UnixConn)(nil)
	_ unixSocket     = (*net.UnixConn)(nil)
)

func (c *UnixConn) ok() bool { return c != nil && c.s != nil }

// Read reads up to len(b) bytes; of a packet that is longer the rest is lost. See [net.Conn].
func (c *UnixConn) Read(b []byte) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.s.Read(b)
	runtime.KeepAlive(c) // its cleanup closes the socket
	return n, err
}

// Write writes all of b unless it fails. See [net.Conn].
func (c *UnixConn) Write(b []byte) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.s.Write(b)
	runtime.KeepAlive(c)
	return n, err
}

// Close closes the connection and makes blocked calls return net.ErrClosed.
func (c *UnixConn) Close() error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.Close()
}

// LocalAddr returns the local address, a [*net.UnixAddr] that is shared by all calls: do not modify
// it.
func (c *UnixConn) LocalAddr() net.Addr {
	if !c.ok() {
		return nil
	}
	return c.s.LocalAddr()
}

// RemoteAddr returns the peer's address, a [*net.UnixAddr] that is shared by all calls: do not
// modify it.
func (c *UnixConn) RemoteAddr() net.Addr {
	if !c.ok() {
		return nil
	}
	return c.s.RemoteAddr()
}

// SetDeadline sets the read and the write deadline. See [net.Conn].
func (c *UnixConn) SetDeadline(t time.Time) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetDeadline(t)
}

// SetReadDeadline sets the deadline of blocked and future reads; the zero time clears it. See
// [net.Conn].
func (c *UnixConn) SetReadDeadline(t time.Time) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline of blocked and future writes; the zero time clears it. See
// [net.Conn].
func (c *UnixConn) SetWriteDeadline(t time.Time) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetWriteDeadline(t)
}

// SetReadBuffer sets SO_RCVBUF, in bytes. See [net.UnixConn.SetReadBuffer].
func (c *UnixConn) SetReadBuffer(bytes int) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetReadBuffer(bytes)
}

// SetWriteBuffer sets SO_SNDBUF, in bytes. See [net.UnixConn.SetWriteBuffer].
func (c *UnixConn) SetWriteBuffer(bytes int) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.SetWriteBuffer(bytes)
}

// File returns a duplicate of the connection's file descriptor; the caller closes it. See
// [net.UnixConn.File].
func (c *UnixConn) File() (*os.File, error) {
	if !c.ok() {
		return nil, syscall.EINVAL
	}
	f, err := c.s.File()
	runtime.KeepAlive(c)
	return f, err
}

// SyscallConn returns raw access to the file descriptor. See [syscall.RawConn].
func (c *UnixConn) SyscallConn() (syscall.RawConn, error) {
	if !c.ok() {
		return nil, syscall.EINVAL
	}
	return rawConnOf(c.s, c)
}

// CloseRead shuts down the reading side. See [net.UnixConn.CloseRead].
func (c *UnixConn) CloseRead() error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.CloseRead()
}

// CloseWrite shuts down the writing side: the peer reads EOF. See [net.UnixConn.CloseWrite].
func (c *UnixConn) CloseWrite() error {
	if !c.ok() {
		return syscall.EINVAL
	}
	return c.s.CloseWrite()
}

// ReadFrom reads a message and its sender; it implements [net.PacketConn]. See
// [net.UnixConn.ReadFrom].
func (c *UnixConn) ReadFrom(b []byte) (int, net.Addr, error) {
	if !c.ok() {
		return 0, nil, syscall.EINVAL
	}
	n, addr, err := c.s.ReadFrom(b)
	runtime.KeepAlive(c)
	return n, addr, err
}

// ReadFromUnix reads a message and its sender. See [net.UnixConn.ReadFromUnix].
func (c *UnixConn) ReadFromUnix(b []byte) (int, *net.UnixAddr, error) {
	if !c.ok() {
		return 0, nil, syscall.EINVAL
	}
	n, addr, err := c.s.ReadFromUnix(b)
	runtime.KeepAlive(c)
	return n, addr, err
}

// ReadMsgUnix reads a message and its control data, such as passed file descriptors,
// which are close-on-exec. See [net.UnixConn.ReadMsgUnix].
func (c *UnixConn) ReadMsgUnix(b, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error) {
	if !c.ok() {
		return 0, 0, 0, nil, syscall.EINVAL
	}
	n, oobn, flags, addr, err = c.s.ReadMsgUnix(b, oob)
	runtime.KeepAlive(c)
	return n, oobn, flags, addr, err
}

// WriteTo writes a message to addr; it implements [net.PacketConn]. See [net.UnixConn.WriteTo].
func (c *UnixConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.s.WriteTo(b, addr)
	runtime.KeepAlive(c)
	return n, err
}

// WriteToUnix writes a message to addr. See [net.UnixConn.WriteToUnix].
func (c *UnixConn) WriteToUnix(b []byte, addr *net.UnixAddr) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.s.WriteToUnix(b, addr)
	runtime.KeepAlive(c)
	return n, err
}

// WriteMsgUnix writes a message with control data. See [net.UnixConn.WriteMsgUnix].
func (c *UnixConn) WriteMsgUnix(b, oob []byte, addr *net.UnixAddr) (n, oobn int, err error) {
	if !c.ok() {
		return 0, 0, syscall.EINVAL
	}
	n, oobn, err = c.s.WriteMsgUnix(b, oob, addr)
	runtime.KeepAlive(c)
	return n, oobn, err
}

// DialUnix is [net.DialUnix] with a connection of this package. Errors are package net's.
func DialUnix(network string, laddr, raddr *net.UnixAddr) (*UnixConn, error) {
	if !isUnixStream(network) || raddr == nil {
		c, err := net.DialUnix(network, laddr, raddr)
		if err != nil {
			return nil, err
		}
		return &UnixConn{s: c}, nil
	}
	var d Dialer
	if laddr != nil {
		d.LocalAddr = laddr
	}
	c, err := d.Dial(network, raddr.Name)
	if err != nil {
		return nil, err
	}
	return c.(*UnixConn), nil
}

func isUnixStream(network string) bool {
	return network == "unix" || network == "unixpacket"
}
