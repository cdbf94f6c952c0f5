//go:build linux

package socket

import (
	"io"
	"net"
	"os"
	"syscall"
)

// Messages of a Unix socket: what package net calls ReadMsgUnix, ReadFrom and WriteMsgUnix. They
// carry control data, such as file descriptors, on a stream too.

func unixKind(network string) kind {
	if network == "unixpacket" {
		return unixPacket
	}
	return unixStream
}

// ReadFrom receives a message, and returns its sender if that has a name.
func (c *Conn) ReadFrom(b []byte) (n int, from *net.UnixAddr, err error) {
	err = c.readBy("recvfrom", func(fd int) (err error) {
		var sa syscall.Sockaddr
		n, sa, err = syscall.Recvfrom(fd, b, syscall.MSG_DONTWAIT)
		from = c.sender(sa)
		return endOfMessages(n, err)
	})
	if err != nil {
		n = 0
	}
	return n, from, err
}

// ReadMsg receives a message and its control data. File descriptors in it are close-on-exec.
func (c *Conn) ReadMsg(b, oob []byte) (n, oobn, flags int, from *net.UnixAddr, err error) {
	err = c.readBy("recvmsg", func(fd int) (err error) {
		var sa syscall.Sockaddr
		n, oobn, flags, sa, err = syscall.Recvmsg(fd, b, oob, syscall.MSG_DONTWAIT|syscall.MSG_CMSG_CLOEXEC)
		from = c.sender(sa)
		return endOfMessages(n, err)
	})
	return n, oobn, flags, from, err
}

// endOfMessages makes an empty message the end of the connection, as package net does.
func endOfMessages(n int, err error) error {
	if n == 0 && err == nil {
		return io.EOF
	}
	return err
}

func (c *Conn) sender(sa syscall.Sockaddr) *net.UnixAddr {
	if sa, ok := sa.(*syscall.SockaddrUnix); ok && sa.Name != "" {
		return &net.UnixAddr{Name: sa.Name, Net: c.network}
	}
	return nil
}

// readBy calls a non-blocking receive until it does not return EAGAIN.
func (c *Conn) readBy(call string, receive func(fd int) error) error {
	c.rd.mu.Lock()
	defer c.rd.mu.Unlock()
	if err := c.rd.prepare(); err != nil {
		return err
	}
	err := c.retry(c.awaitReadable, call, receive)
	raceRead(c.fd)
	return err
}

// retry calls try, and await whenever it returns EAGAIN.
func (c *Conn) retry(await func() error, call string, try func(fd int) error) error {
	for {
		switch err := try(c.fd); err {
		case nil, io.EOF:
			return err
		case syscall.EINTR:
		case syscall.EAGAIN:
			if err := await(); err != nil {
				return err
			}
		default:
			return os.NewSyscallError(call, err)
		}
	}
}

// WriteMsg sends a message with control data, to the address if that is not nil.
func (c *Conn) WriteMsg(b, oob []byte, to *net.UnixAddr) (n int, err error) {
	var sa syscall.Sockaddr
	if to != nil {
		if to.Net != c.network {
			return 0, syscall.EAFNOSUPPORT
		}
		sa = &syscall.SockaddrUnix{Name: to.Name}
	}
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	if err := c.wr.prepare(); err != nil {
		return 0, err
	}
	c.noteWrite()
	raceWrite()
	err = c.retry(c.wr.waitReady, "sendmsg", func(fd int) (err error) {
		n, err = syscall.SendmsgN(fd, b, oob, sa, syscall.MSG_DONTWAIT)
		return err
	})
	return n, err
}
