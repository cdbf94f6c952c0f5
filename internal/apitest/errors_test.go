package apitest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"regexp"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func typeName(v any) string { return reflect.TypeOf(v).String() }

var ports = regexp.MustCompile(`(127\.0\.0\.\d+|\[::1\]):\d+|/\S*/u\d+/s`)

// shape describes an error as far as two runs agree on it: text without ports, types down the
// chain, and what programs ask of it.
func shape(err error) string {
	if err == nil {
		return "nil"
	}
	s := ports.ReplaceAllString(err.Error(), "ADDR")
	for e := err; e != nil; e = errors.Unwrap(e) {
		s += fmt.Sprintf(" > %T", e)
		if op, ok := e.(*net.OpError); ok {
			s += fmt.Sprintf("{%s %s %s %s}", op.Op, op.Net, addrShape(op.Source), addrShape(op.Addr))
		}
		if se, ok := e.(*os.SyscallError); ok {
			s += "{" + se.Syscall + "}"
		}
	}
	var timeout interface{ Timeout() bool }
	var temporary interface{ Temporary() bool }
	if errors.As(err, &timeout) {
		s += fmt.Sprintf(" timeout=%v", timeout.Timeout())
	}
	if errors.As(err, &temporary) {
		s += fmt.Sprintf(" temporary=%v", temporary.Temporary())
	}
	return s
}

// shapes describes each of the errors.
func shapes(errs map[string]error) map[string]string {
	all := map[string]string{}
	for name, err := range errs {
		all[name] = shape(err)
	}
	return all
}

func addrShape(a net.Addr) string {
	if a == nil {
		return "nil"
	}
	return fmt.Sprintf("%T:%s", a, ports.ReplaceAllString(a.String(), "ADDR"))
}

// mustBeLike compares an error of this package with the one that package net has in the same
// situation.
func mustBeLike(t *testing.T, what string, got, want error) {
	t.Helper()
	if g, w := shape(got), shape(want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

// TestErrors plays the same scenes on both packages and compares every error.
func TestErrors(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			got, want := shapes(errorScenes(t, onRing, network)), shapes(errorScenes(t, onNet, network))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("errors (-net +uringnet):\n%s", diff)
			}
		})
	}
}

// errorScenes collects an error of each kind.
func errorScenes(t *testing.T, m maker, network string) map[string]error {
	errs := map[string]error{}
	l := listen(t, m, network)
	_, errs["listen in use"] = m.listen(network, l.Addr().String())
	a, d := connect(t, l, m)
	one := make([]byte, 1)
	for who, c := range map[string]stream{"accepted ": a, "dialed ": d} {
		check(t, c.SetDeadline(past))
		_, errs[who+"read timeout"] = c.Read(one)
		_, errs[who+"write timeout"] = c.Write(one)
		check(t, c.SetDeadline(never))
	}
	check(t, d.CloseWrite())
	_, errs["eof"] = a.Read(one)
	_, errs["write after CloseWrite"] = d.Write(one)
	errs["CloseWrite twice"] = d.CloseWrite()
	check(t, a.CloseRead())
	_, errs["read after CloseRead"] = a.Read(one)
	for who, c := range map[string]stream{"accepted ": a, "dialed ": d} {
		check(t, c.Close())
		_, errs[who+"read closed"] = c.Read(one)
		_, errs[who+"write closed"] = c.Write(one)
		errs[who+"close closed"] = c.Close()
		errs[who+"CloseRead closed"] = c.CloseRead()
		errs[who+"CloseWrite closed"] = c.CloseWrite()
		errs[who+"deadline closed"] = c.SetDeadline(never)
		errs[who+"read deadline closed"] = c.SetReadDeadline(never)
		errs[who+"write deadline closed"] = c.SetWriteDeadline(never)
		errs[who+"read buffer closed"] = c.SetReadBuffer(1)
		errs[who+"write buffer closed"] = c.SetWriteBuffer(1)
		_, errs[who+"file closed"] = c.File()
		_, errs[who+"syscallconn closed"] = c.SyscallConn()
	}
	ld := l.(interface {
		deadliner
		filer
		syscall.Conn
	})
	check(t, ld.SetDeadline(past))
	_, errs["accept timeout"] = l.Accept()
	check(t, l.Close())
	_, errs["accept closed"] = l.Accept()
	errs["listener close closed"] = l.Close()
	errs["listener deadline closed"] = ld.SetDeadline(never)
	_, errs["listener file closed"] = ld.File()
	_, errs["listener syscallconn closed"] = ld.SyscallConn()
	_, errs["dial"] = m.dial(network, l.Addr().String())
	if network == "tcp" {
		tcpErrorScenes(t, m, errs)
	}
	return errs
}

// tcpErrorScenes adds those that need a reset, or methods that only TCP has.
func tcpErrorScenes(t *testing.T, m maker, errs map[string]error) {
	a, d := connect(t, listen(t, m, "tcp"), m)
	check(t, a.(interface{ SetLinger(int) error }).SetLinger(0))
	blocked := parked(t, func() ioResult { return result(d.Read(make([]byte, 1))) })
	check(t, a.Close())
	errs["read reset"] = (<-blocked).err
	_, errs["write reset"] = d.Write(make([]byte, 1))
	_, errs["read after reset"] = d.Read(make([]byte, 1))
	check(t, d.Close())
	tc := d.(interface {
		io.ReaderFrom
		io.WriterTo
		SetNoDelay(bool) error
		SetLinger(int) error
		SetKeepAlive(bool) error
		SetKeepAliveConfig(net.KeepAliveConfig) error
		MultipathTCP() (bool, error)
	})
	errs["nodelay closed"] = tc.SetNoDelay(true)
	errs["linger closed"] = tc.SetLinger(0)
	errs["keepalive closed"] = tc.SetKeepAlive(true)
	errs["keepalive config closed"] = tc.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true})
	_, errs["mptcp closed"] = tc.MultipathTCP()
	_, errs["WriteTo closed"] = tc.WriteTo(io.Discard)
	_, errs["ReadFrom closed"] = tc.ReadFrom(io.LimitReader(zeros{}, 10))
}

// zeros is an endless reader that nobody has a shortcut for.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestListenErrors compares those too.
func TestListenErrors(t *testing.T) {
	begin(t)
	for _, tc := range [][2]string{
		{"foo", "127.0.0.1:0"}, {"", ""}, {"udp", "127.0.0.1:0"}, {"tcp", "127.0.0.1"},
		{"tcp", "127.0.0.1:99999"}, {"tcp", "192.0.2.1:0"}, {"tcp6", "127.0.0.1:0"}, {"unix", "/nowhere/at/all"},
	} {
		_, got := onRing.listen(tc[0], tc[1])
		_, want := onNet.listen(tc[0], tc[1])
		mustBeLike(t, "listen "+tc[0]+" "+tc[1], got, want)
		if got == nil {
			t.Errorf("listen %q succeeds", tc)
		}
	}
}

// TestListenUnixgram: package net makes a listener of a datagram socket, which can only fail later.
func TestListenUnixgram(t *testing.T) {
	begin(t)
	var errs [2]error
	for i, m := range []maker{onRing, onNet} {
		l := listen(t, m, "unixgram")
		_, errs[i] = l.Accept()
		check(t, l.Close())
	}
	mustBeLike(t, "accept", errs[0], errs[1])
}
