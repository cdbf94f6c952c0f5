//go:build linux

package popular

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
	"golang.org/x/sys/unix"
)

// userTimeout is a Control hook that sets TCP_USER_TIMEOUT. gRPC sets it by itself on the type
// *net.TCPConn only.
func userTimeout(d time.Duration) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var err error
		if cerr := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
		}); cerr != nil {
			return cerr
		}
		return err
	}
}

// connect returns both ends of a connection with the options of a listener and a dialer.
func connect(t *testing.T, lc uringnet.ListenConfig, d uringnet.Dialer) (dialed, accepted net.Conn) {
	t.Helper()
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if dialed, err = d.DialContext(t.Context(), "tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialed.Close() })
	if accepted, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { accepted.Close() })
	return dialed, accepted
}

// TestUserTimeout sets the option on both ends; an accepted connection inherits it from its
// listener.
func TestUserTimeout(t *testing.T) {
	dialed, accepted := connect(t,
		uringnet.ListenConfig{Control: userTimeout(21 * time.Second)},
		uringnet.Dialer{Control: userTimeout(22 * time.Second)})
	for _, tc := range []struct {
		name string
		c    net.Conn
		want int
	}{{"accepted", accepted, 21000}, {"dialed", dialed, 22000}} {
		raw, err := tc.c.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		if cerr := raw.Control(func(fd uintptr) {
			got, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
		}); cerr != nil || err != nil || got != tc.want {
			t.Errorf("TCP_USER_TIMEOUT of the %s end is %d, want %d; %v, %v", tc.name, got, tc.want, cerr, err)
		}
	}
}

// errData is what go-redis calls errUnexpectedRead.
var errData = errors.New("there are bytes to read")

// peek is go-redis's connCheck (v9.23.0, internal/pool/conn_check.go).
func peek(c net.Conn) error {
	c.SetDeadline(time.Time{})
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	var state error
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case n == 0 && err == nil:
			state = io.EOF
		case n > 0:
			state = errData
		case err != syscall.EAGAIN:
			state = err
		}
		return true
	})
	return errors.Join(err, state)
}

// TestPoolCheck checks an idle connection, one with a reply nobody asked for, and one that the peer
// has closed.
func TestPoolCheck(t *testing.T) {
	client, server := connect(t, uringnet.ListenConfig{}, uringnet.Dialer{})
	reply := make([]byte, 4096) // go-redis reads through a buffer
	for range 100 {
		if _, err := client.Write([]byte("PING\r\n")); err != nil {
			t.Fatal(err)
		}
		if n, err := server.Read(reply); err != nil || n != 6 {
			t.Fatal(n, err)
		}
		if _, err := server.Write([]byte("+PONG\r\n")); err != nil {
			t.Fatal(err)
		}
		if n, err := client.Read(reply); err != nil || string(reply[:n]) != "+PONG\r\n" {
			t.Fatal(n, err)
		}
		if err := peek(client); err != nil {
			t.Fatalf("an idle connection: %v", err)
		}
	}
	if _, err := server.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := until(client, errData); err != nil {
		t.Errorf("a connection with data: %v", err)
	}
	if n, err := client.Read(reply); err != nil || n != 1 {
		t.Errorf("the byte that was peeked at: %d, %v", n, err)
	}
	server.Close()
	if err := until(client, io.EOF); err != nil {
		t.Errorf("a closed connection: %v", err)
	}
}

// until peeks until what the peer did has arrived, which takes its time even on loopback.
func until(c net.Conn, want error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		switch err := peek(c); {
		case errors.Is(err, want):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// TestBuffers writes as nats-server does: net.Buffers over a net.Conn, with the method of uringnet
// where there is one.
func TestBuffers(t *testing.T) {
	dialed, accepted := connect(t, uringnet.ListenConfig{}, uringnet.Dialer{})
	for name, write := range map[string]func(*net.Buffers) (int64, error){
		"WriteTo":      func(b *net.Buffers) (int64, error) { return b.WriteTo(dialed) },
		"WriteBuffers": dialed.(*uringnet.TCPConn).WriteBuffers,
	} {
		var parts net.Buffers
		var want []byte
		for i := range 100 {
			part := bytes.Repeat([]byte{byte(i)}, i*7)
			parts, want = append(parts, part), append(want, part...)
		}
		got := make([]byte, len(want))
		read := make(chan error, 1)
		go func() {
			_, err := io.ReadFull(accepted, got)
			read <- err
		}()
		if n, err := write(&parts); n != int64(len(want)) || err != nil || len(parts) > 0 {
			t.Errorf("%s = %d, %v and leaves %d buffers, want %d bytes", name, n, err, len(parts), len(want))
		}
		if err := <-read; err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: other bytes arrived, %v", name, err)
		}
	}
}

// TestNotNetsType is the reason for all of this.
func TestNotNetsType(t *testing.T) {
	dialed, _ := connect(t, uringnet.ListenConfig{}, uringnet.Dialer{})
	if _, ok := dialed.(interface{ NetConn() net.Conn }); ok {
		t.Error("a connection of uringnet unwraps to something: docs/compatibility.md says that it does not")
	}
	if _, ok := any(dialed).(*net.TCPConn); ok {
		t.Error("a connection of uringnet is a *net.TCPConn: docs/compatibility.md is outdated")
	}
}
