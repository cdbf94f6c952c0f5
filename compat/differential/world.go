package differential

import (
	"context"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/uringnet/uringnet"
)

// World is an implementation of sockets. Its connections and listeners must satisfy [Conn] and
// [Listener].
type World struct {
	Name   string
	Listen func(network, address string) (net.Listener, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

// Conn is what the scripts use of a stream connection. The connections of package net and of
// uringnet have it.
type Conn interface {
	net.Conn
	syscall.Conn
	CloseRead() error
	CloseWrite() error
	File() (*os.File, error)
	SetReadBuffer(bytes int) error
	SetWriteBuffer(bytes int) error
}

// Listener is what the scripts use of a listener.
type Listener interface {
	net.Listener
	syscall.Conn
	SetDeadline(time.Time) error
}

// Net returns the world of package net, by which the others are judged.
func Net() World {
	var d net.Dialer
	return World{"net", net.Listen, d.DialContext}
}

// Uringnet returns the world of this module.
func Uringnet() World {
	return World{"uringnet", uringnet.Listen, uringnet.DialContext}
}
