package uringnet

import (
	"net"
	"reflect"
	"time"
)

// Taking over a socket of package net: its file descriptor is duplicated, the original leaves the
// runtime's poller, and the duplicate belongs to this package from then on.

func takeOverTCPListener(nl *net.TCPListener, ka net.KeepAliveConfig) (net.Listener, error) {
	b := chooseBackend()
	if b.err != nil {
		return nil, b.err
	}
	if !b.own {
		return &TCPListener{s: netTCPListener{nl}}, nil
	}
	return newRingTCPListener(nl, ka)
}

func takeOverUnixListener(nl *net.UnixListener) (net.Listener, error) {
	b := chooseBackend()
	if b.err != nil {
		return nil, b.err
	}
	if !b.own {
		return &UnixListener{s: netUnixListener{nl}}, nil
	}
	return newRingUnixListener(nl, unlinksOnClose(nl))
}

func takeOverTCPConn(nc *net.TCPConn) (net.Conn, error) {
	b := chooseBackend()
	if b.err != nil {
		return nil, b.err
	}
	if !b.own {
		return &TCPConn{s: nc}, nil
	}
	return newRingTCPConn(nc)
}

func takeOverUnixConn(nc *net.UnixConn) (net.Conn, error) {
	b := chooseBackend()
	if b.err != nil {
		return nil, b.err
	}
	if !b.own || !isUnixStream(nc.LocalAddr().Network()) {
		return &UnixConn{s: nc}, nil
	}
	return newRingUnixConn(nc)
}

// keepAliveOf reads the keep-alive configuration that l was created with. Package net does not
// export it; where a release of Go names it otherwise, the default applies.
func keepAliveOf(l net.Listener) net.KeepAliveConfig {
	var lc ListenConfig
	nl, ok := l.(*net.TCPListener)
	if !ok || nl == nil {
		return lc.keepAlive()
	}
	v := reflect.ValueOf(nl).Elem().FieldByName("lc")
	if !v.IsValid() || v.Type() != reflect.TypeFor[net.ListenConfig]() {
		return lc.keepAlive()
	}
	lc.KeepAlive = time.Duration(v.FieldByName("KeepAlive").Int())
	ka := v.FieldByName("KeepAliveConfig")
	lc.KeepAliveConfig = net.KeepAliveConfig{
		Enable:   ka.FieldByName("Enable").Bool(),
		Idle:     time.Duration(ka.FieldByName("Idle").Int()),
		Interval: time.Duration(ka.FieldByName("Interval").Int()),
		Count:    int(ka.FieldByName("Count").Int()),
	}
	return lc.keepAlive()
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
