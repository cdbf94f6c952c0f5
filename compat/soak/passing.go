//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/uringnet/uringnet"
)

// passing dials, passes the connection's descriptor over a Unix socket, and goes on with what
// arrives there. It is the same connection: the server notices nothing.
func passing(s *soak) error {
	address, err := s.serve("passing", echo)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "uringnet-soak-")
	if err != nil {
		return err
	}
	s.atEnd(closer(func() { os.RemoveAll(dir) }))
	path := &net.UnixAddr{Name: filepath.Join(dir, "socket"), Net: "unix"}
	l, err := uringnet.ListenUnix("unix", path)
	if err != nil {
		return err
	}
	s.atEnd(l)
	s.repeat("passing", 1, func() (func() error, func(), error) {
		to, err := uringnet.DialUnix("unix", nil, path)
		if err != nil {
			return nil, nil, err
		}
		from, err := l.AcceptUnix()
		if err != nil {
			return nil, func() { to.Close() }, err
		}
		return func() error { return s.pass(address, to, from) }, func() { to.Close(); from.Close() }, nil
	})
	return nil
}

func (s *soak) pass(address string, to, from *uringnet.UnixConn) error {
	c, err := dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := s.exchange(c, 1000); err != nil {
		return err
	}
	if err := sendDescriptor(to, c); err != nil {
		return err
	}
	c.Close()
	passed, err := receiveDescriptor(from)
	if err != nil {
		return err
	}
	defer passed.Close()
	if err := s.exchange(passed, 1000); err != nil {
		return err
	}
	if err := passed.(*uringnet.TCPConn).CloseWrite(); err != nil {
		return err
	}
	return expectEnd(passed)
}

func sendDescriptor(to *uringnet.UnixConn, c *uringnet.TCPConn) error {
	f, err := c.File()
	if err != nil {
		return err
	}
	defer f.Close()
	_, _, err = to.WriteMsgUnix([]byte{1}, syscall.UnixRights(int(f.Fd())), nil)
	return err
}

func receiveDescriptor(from *uringnet.UnixConn) (net.Conn, error) {
	oob := make([]byte, syscall.CmsgSpace(4))
	n, oobn, _, _, err := from.ReadMsgUnix(make([]byte, 1), oob)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(oob[:oobn])
	if err != nil || n != 1 || len(messages) != 1 {
		return nil, errors.Join(fmt.Errorf("%d bytes and %d control messages came", n, len(messages)), err)
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, errors.Join(fmt.Errorf("%d descriptors came", len(fds)), err)
	}
	f := os.NewFile(uintptr(fds[0]), "passed")
	defer f.Close()
	return uringnet.FileConn(f)
}
