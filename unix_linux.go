package uringnet

import (
	"io"
	"net"
	"os"
	"syscall"
)

// ringUnix is a stream or sequenced-packet Unix connection of ours.
type ringUnix struct{ socket }

var _ unixSocket = (*ringUnix)(nil)

func newUnix(fd int, network string) (*UnixConn, *ringUnix) {
	s := new(ringUnix)
	s.init(fd, network)
	c := &UnixConn{s: s}
	closeUnreachable(c, &s.guard, &s.socket)
	return c, s
}

func newRingUnixConn(nc *net.UnixConn) (net.Conn, error) {
	fd, err := takeOver(nc)
	if err != nil {
		return nil, err
	}
	c, s := newUnix(fd, networkOf(nc))
	s.foreign = true
	s.addrs.set(nc.LocalAddr(), nc.RemoteAddr())
	return c, nil
}

// SyscallConn is that of net.UnixConn.
func (c *ringUnix) SyscallConn() (syscall.RawConn, error) { return c.rawAccess(), nil }

// ReadFrom is that of net.UnixConn.
func (c *ringUnix) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromUnix(b)
	if addr == nil {
		return n, nil, err
	}
	return n, addr, err
}

// ReadFromUnix is that of net.UnixConn.
func (c *ringUnix) ReadFromUnix(b []byte) (n int, addr *net.UnixAddr, err error) {
	err = c.readBy("recvfrom", func(fd int) (err error) {
		var sa syscall.Sockaddr
		n, sa, err = syscall.Recvfrom(fd, b, syscall.MSG_DONTWAIT)
		addr = c.sender(sa)
		return endOfMessages(n, err)
	})
	if err != nil {
		return 0, addr, c.messageError(err)
	}
	return n, addr, nil
}

// ReadMsgUnix is that of net.UnixConn.
func (c *ringUnix) ReadMsgUnix(b, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error) {
	err = c.readBy("recvmsg", func(fd int) (err error) {
		var sa syscall.Sockaddr
		n, oobn, flags, sa, err = syscall.Recvmsg(fd, b, oob, syscall.MSG_DONTWAIT|syscall.MSG_CMSG_CLOEXEC)
		addr = c.sender(sa)
		return endOfMessages(n, err)
	})
	if err != nil {
		return n, oobn, flags, addr, c.messageError(err)
	}
	return n, oobn, flags, addr, nil
}

// endOfMessages makes an empty message the end of the connection, as package net does.
func endOfMessages(n int, err error) error {
	if n == 0 && err == nil {
		return io.EOF
	}
	return err
}

// messageError is the error of ReadFrom and its kin for err, in the form of the release of Go that
// compiles this.
func (c *ringUnix) messageError(err error) error {
	if err == io.EOF && bareMessageEOF {
		return err
	}
	return c.opError("read", err)
}

func (c *ringUnix) sender(sa syscall.Sockaddr) *net.UnixAddr {
	if sa, ok := sa.(*syscall.SockaddrUnix); ok && sa.Name != "" {
		return &net.UnixAddr{Name: sa.Name, Net: c.network}
	}
	return nil
}

// readBy calls a non-blocking receive until it does not return EAGAIN.
func (c *ringUnix) readBy(call string, receive func(fd int) error) error {
	c.rd.mu.Lock()
	defer c.rd.mu.Unlock()
	if err := c.rd.side.Prepare(); err != nil {
		return err
	}
	err := c.retry(c.awaitReadable, call, receive)
	raceRead(c.fd)
	return err
}

// retry calls try, and await whenever it returns EAGAIN.
func (s *socket) retry(await func() error, call string, try func(fd int) error) error {
	for {
		switch err := try(s.fd); err {
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

// WriteTo is that of net.UnixConn.
func (c *ringUnix) WriteTo(b []byte, addr net.Addr) (int, error) {
	a, ok := addr.(*net.UnixAddr)
	if !ok {
		return 0, &net.OpError{Op: "write", Net: c.network, Source: c.LocalAddr(), Addr: addr, Err: syscall.EINVAL}
	}
	return c.WriteToUnix(b, a)
}

// WriteToUnix is that of net.UnixConn, which refuses it on a connected socket.
func (c *ringUnix) WriteToUnix(_ []byte, addr *net.UnixAddr) (int, error) {
	err := &net.OpError{Op: "write", Net: c.network, Source: c.LocalAddr(), Err: net.ErrWriteToConnected}
	if addr != nil {
		err.Addr = addr
	}
	return 0, err
}

// WriteMsgUnix is that of net.UnixConn.
func (c *ringUnix) WriteMsgUnix(b, oob []byte, addr *net.UnixAddr) (n, oobn int, err error) {
	n, err = c.writeMsg(b, oob, addr)
	if err != nil {
		opErr := &net.OpError{Op: "write", Net: c.network, Source: c.LocalAddr(), Err: ioError(err)}
		if addr != nil {
			opErr.Addr = addr
		}
		return n, 0, opErr
	}
	return n, len(oob), nil
}

func (c *ringUnix) writeMsg(b, oob []byte, addr *net.UnixAddr) (n int, err error) {
	var sa syscall.Sockaddr
	if addr != nil {
		if addr.Net != c.network {
			return 0, syscall.EAFNOSUPPORT
		}
		sa = &syscall.SockaddrUnix{Name: addr.Name}
	}
	c.wr.mu.Lock()
	defer c.wr.mu.Unlock()
	if err := c.wr.side.Prepare(); err != nil {
		return 0, err
	}
	c.wroteSince()
	raceWrite()
	err = c.retry(c.wr.side.WaitReady, "sendmsg", func(fd int) (err error) {
		n, err = syscall.SendmsgN(fd, b, oob, sa, syscall.MSG_DONTWAIT)
		return err
	})
	return n, err
}
