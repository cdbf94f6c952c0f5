// Package stdhook puts the sockets of an unmodified test suite on uringnet.
//
// Command stdsuite builds the standard library's tests against a patched copy of package net whose
// Listen, Dial, FileConn and FileListener first ask a hook variable. A generated test file sets
// these variables to the functions of this package. So a suite that only knows package net runs on
// uringnet sockets, and nobody who uses net for real ever sees a hook.
//
// What the hooks did is written to the directory named by the environment variable [DirEnv]: it
// must be known even if the test process crashes, exits from TestMain or starts children.
package stdhook

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/uringnet/uringnet"
)

// DirEnv names the environment variable that holds the directory for [SocketsFile] and
// [BackendFile].
const DirEnv = "URINGNET_STDHOOK_DIR"

const (
	// SocketsFile gets one letter for every socket: d(ialed), l(istening), a(ccepted), f(rom a
	// file).
	SocketsFile = "sockets"
	// BackendFile gets uringnet.Backend's words when the first socket is made.
	BackendFile = "backend"
)

// Listen is the hook of net.ListenConfig.Listen. It returns false for networks that uringnet leaves
// to package net.
func Listen(ctx context.Context, lc *net.ListenConfig, network, address string) (net.Listener, error, bool) {
	if !isStream(network) {
		return nil, nil, false
	}
	l, err := (*uringnet.ListenConfig)(lc).Listen(ctx, network, address)
	return countListener(l, 'l'), err, true
}

// Dial is the hook of net.Dialer.DialContext. It returns false for networks that uringnet leaves to
// package net.
func Dial(ctx context.Context, d *net.Dialer, network, address string) (net.Conn, error, bool) {
	if !isStream(network) {
		return nil, nil, false
	}
	c, err := (*uringnet.Dialer)(d).DialContext(ctx, network, address)
	countConn(c, 'd')
	return c, err, true
}

// FileConn is the hook at the end of net.FileConn: it moves the connection that net made to
// uringnet.
func FileConn(c net.Conn) (net.Conn, error) {
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return c, nil
	}
	if calledByUringnet() {
		return c, nil
	}
	u, err := uringnet.NewConn(c)
	countConn(u, 'f')
	return u, err
}

// FileListener is the hook at the end of net.FileListener: it moves the listener that net made to
// uringnet.
func FileListener(l net.Listener) (net.Listener, error) {
	if calledByUringnet() {
		return l, nil
	}
	u, err := uringnet.NewListener(l)
	return countListener(u, 'f'), err
}

func isStream(network string) bool {
	switch network {
	case "tcp", "tcp4", "tcp6", "unix", "unixpacket":
		return true
	}
	return false
}

// calledByUringnet reports whether uringnet itself is on the stack. Unlike Listen and Dial,
// net.FileConn has no context to carry a mark against recursion; uringnet calls it to hand a
// descriptor to package net.
func calledByUringnet() bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "github.com/uringnet/uringnet.") ||
			strings.HasPrefix(f.Function, "github.com/uringnet/uringnet/internal/") {
			return true
		}
		if !more {
			return false
		}
	}
}

// The listeners count what they accept. They embed uringnet's types, so that all other methods are
// promoted.
type (
	tcpListener  struct{ *uringnet.TCPListener }
	unixListener struct{ *uringnet.UnixListener }
)

func (l tcpListener) Accept() (net.Conn, error) {
	c, err := l.TCPListener.Accept()
	countConn(c, 'a')
	return c, err
}

func (l unixListener) Accept() (net.Conn, error) {
	c, err := l.UnixListener.Accept()
	countConn(c, 'a')
	return c, err
}

func countListener(l net.Listener, kind byte) net.Listener {
	switch l := l.(type) {
	case *uringnet.TCPListener:
		count(kind)
		return tcpListener{l}
	case *uringnet.UnixListener:
		count(kind)
		return unixListener{l}
	}
	return l
}

// countConn counts c only if it is one of uringnet's own types: what is counted really went
// through.
func countConn(c net.Conn, kind byte) {
	switch c.(type) {
	case *uringnet.TCPConn, *uringnet.UnixConn:
		count(kind)
	}
}

// sockets opens the file of counts once. O_APPEND makes one-byte writes of several processes add
// up.
var sockets = sync.OnceValue(func() *os.File {
	dir := os.Getenv(DirEnv)
	if dir == "" {
		return nil
	}
	os.WriteFile(filepath.Join(dir, BackendFile), []byte(uringnet.Backend().String()), 0o666)
	f, err := os.OpenFile(filepath.Join(dir, SocketsFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		panic("stdhook: " + err.Error())
	}
	return f
})

func count(kind byte) {
	if f := sockets(); f != nil {
		f.Write([]byte{kind})
	}
}
