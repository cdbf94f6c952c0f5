//go:build linux

package socket

import (
	"net"
	"os"
	"reflect"
	"syscall"
	"time"
)

// Taking over a socket of package net: its file descriptor is duplicated, the original leaves the
// runtime's poller, and the duplicate belongs to this package from then on. If it fails the
// original is left as it was.
//
// Where shared is set somebody else may have the descriptor, too; see fdGuard.

// TakeOverTCP makes a connection of nc.
func TakeOverTCP(nc *net.TCPConn, shared bool) (*Conn, error) {
	return takeOverConn(nc, tcp, shared)
}

// TakeOverUnix makes a connection of nc, which is not one of datagrams.
func TakeOverUnix(nc *net.UnixConn, shared bool) (*Conn, error) {
	return takeOverConn(nc, unixKind(nc.LocalAddr().Network()), shared)
}

func takeOverConn(nc interface {
	net.Conn
	syscall.Conn
}, kind kind, shared bool) (*Conn, error) {
	fd, err := takeOver(nc)
	if err != nil {
		return nil, err
	}
	c := newConn(fd, kind, networkOf(nc), shared)
	c.addrs.set(nc.LocalAddr(), nc.RemoteAddr())
	return c, nil
}

// TakeOverTCPListener makes a listener of nl, which was created with lc, or, if that is nil, with
// what nl itself remembers.
func TakeOverTCPListener(nl *net.TCPListener, lc *net.ListenConfig, shared bool) (*TCPListener, error) {
	fd, err := takeOver(nl)
	if err != nil {
		return nil, err
	}
	if lc == nil {
		lc = configOf(nl)
	}
	return newTCPListener(fd, networkOf(nl), nl.Addr(), keepAliveOf(lc), shared), nil
}

// TakeOverUnixListener makes a listener of nl.
func TakeOverUnixListener(nl *net.UnixListener, shared bool) (*UnixListener, error) {
	unlink := unlinksOnClose(nl)
	nl.SetUnlinkOnClose(false) // its Close must leave the socket file to us
	fd, err := takeOver(nl)
	if err != nil {
		nl.SetUnlinkOnClose(unlink)
		return nil, err
	}
	return newUnixListener(fd, networkOf(nl), nl.Addr(), unlink, shared), nil
}

// takeOver duplicates the file descriptor of a socket of package net and closes the original, which
// leaves the runtime's poller by that.
func takeOver(c interface {
	syscall.Conn
	Close() error
}) (fd int, err error) {
	rc, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	var dupErr error
	if err := rc.Control(func(orig uintptr) { fd, dupErr = dupCloseOnExec(int(orig)) }); err != nil {
		return -1, err
	}
	if dupErr != nil {
		return -1, dupErr
	}
	if err := c.Close(); err != nil {
		// Somebody else closed it meanwhile, and so took it over first.
		os.NewFile(uintptr(fd), "").Close()
		return -1, err
	}
	return fd, nil
}

// configOf reads the keep-alive configuration that nl was created with. Package net does not export
// it; where a release of Go names it otherwise, the default applies.
func configOf(nl *net.TCPListener) *net.ListenConfig {
	lc := new(net.ListenConfig)
	v := reflect.ValueOf(nl).Elem().FieldByName("lc")
	if !v.IsValid() || v.Type() != reflect.TypeFor[net.ListenConfig]() {
		return lc
	}
	lc.KeepAlive = time.Duration(v.FieldByName("KeepAlive").Int())
	ka := v.FieldByName("KeepAliveConfig")
	lc.KeepAliveConfig = net.KeepAliveConfig{
		Enable:   ka.FieldByName("Enable").Bool(),
		Idle:     time.Duration(ka.FieldByName("Idle").Int()),
		Interval: time.Duration(ka.FieldByName("Interval").Int()),
		Count:    int(ka.FieldByName("Count").Int()),
	}
	return lc
}

// keepAliveOf is the keep-alive configuration that package net gives to what a listener accepts.
func keepAliveOf(lc *net.ListenConfig) net.KeepAliveConfig {
	if !lc.KeepAliveConfig.Enable && lc.KeepAlive >= 0 {
		return net.KeepAliveConfig{Enable: true, Idle: lc.KeepAlive}
	}
	return lc.KeepAliveConfig
}

// unlinksOnClose reads whether Close of nl would remove its socket file, which package net does not
// export.
func unlinksOnClose(nl *net.UnixListener) bool {
	v := reflect.ValueOf(nl).Elem().FieldByName("unlink")
	return !v.IsValid() || v.Kind() != reflect.Bool || v.Bool()
}

// networkOf is the network that a socket of package net was made with, such as "tcp4", which its
// errors name. Package net does not export it; where a release of Go names it otherwise, the family
// of networks must do.
func networkOf(c any) string {
	v := reflect.ValueOf(c).Elem()
	if conn := v.FieldByName("conn"); conn.IsValid() {
		v = conn
	}
	if fd := v.FieldByName("fd"); fd.IsValid() && fd.Kind() == reflect.Pointer && !fd.IsNil() && fd.Elem().Kind() == reflect.Struct {
		if n := fd.Elem().FieldByName("net"); n.IsValid() && n.Kind() == reflect.String {
			return n.String()
		}
	}
	switch c := c.(type) {
	case net.Conn:
		return c.LocalAddr().Network()
	case net.Listener:
		return c.Addr().Network()
	}
	return ""
}
