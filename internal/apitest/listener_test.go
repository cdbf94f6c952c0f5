package apitest

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

// deadliner and filer are what the listener types of both packages have beyond net.Listener.
type (
	deadliner interface{ SetDeadline(t time.Time) error }
	filer     interface{ File() (*os.File, error) }
)

// TestListenNetworks has a conversation on every network, each with the types that belong to it.
func TestListenNetworks(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4", "tcp6", "unix", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			l, err := onRing.listen(network, anyAddress(t, network))
			check(t, err)
			defer l.Close()
			wantListener, wantConn := any(&uringnet.TCPListener{}), any(&uringnet.TCPConn{})
			if network[0] == 'u' {
				wantListener, wantConn = &uringnet.UnixListener{}, &uringnet.UnixConn{}
			}
			mustHaveType(t, l, wantListener)
			for _, m := range []maker{onRing, onNet} {
				d, err := m.dial(network, l.Addr().String())
				check(t, err)
				a, err := l.Accept()
				check(t, err)
				mustHaveType(t, a, wantConn)
				if m.name == onRing.name {
					mustHaveType(t, d, wantConn)
				}
				for _, message := range []string{"ping", "pong"} {
					mustWrite(t, d, message)
					mustRead(t, a, message)
					mustWrite(t, a, message)
					mustRead(t, d, message)
				}
				check(t, d.Close())
				mustEOF(t, a)
				check(t, a.Close())
			}
		})
	}
}

// TestListenWildcard: "tcp" on no host in particular takes both families.
func TestListenWildcard(t *testing.T) {
	begin(t)
	l, err := onRing.listen("tcp", ":0")
	check(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	check(t, err)
	for _, host := range []string{"127.0.0.1", "::1"} {
		d, err := onRing.dial("tcp", net.JoinHostPort(host, port))
		check(t, err)
		a, err := l.Accept()
		check(t, err)
		if got := a.RemoteAddr().(*net.TCPAddr).IP.String(); got != host {
			t.Errorf("RemoteAddr %s, want %s", got, host)
		}
		d.Close()
		a.Close()
	}
}

// TestNewListener takes over listeners of package net: fresh ones, ones with connections waiting,
// and those made from a file.
func TestNewListener(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			plain := listen(t, onNet, network)
			early, err := onNet.dial(network, plain.Addr().String())
			check(t, err)
			defer early.Close()
			l, err := uringnet.NewListener(plain)
			check(t, err)
			defer l.Close()
			if l.Addr().String() != plain.Addr().String() || l.Addr().Network() != network {
				t.Errorf("Addr = %v %v, want %v", l.Addr().Network(), l.Addr(), plain.Addr())
			}
			a, err := l.Accept()
			check(t, err)
			defer a.Close()
			mustWrite(t, early, "ping")
			mustRead(t, a, "ping")
			connect(t, l, onRing)
			same, err := uringnet.NewListener(l)
			if err != nil || same != l {
				t.Errorf("NewListener of its own listener = %v, %v", same, err)
			}
			check(t, l.Close())
			if c, err := onNet.dial(network, l.Addr().String()); err == nil {
				c.Close()
				t.Error("still listening after Close")
			}
		})
	}
}

func TestFileListener(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			plain := listen(t, onNet, network)
			f, err := plain.(filer).File()
			check(t, err)
			l, err := uringnet.FileListener(f)
			check(t, err)
			defer l.Close()
			check(t, f.Close())
			check(t, plain.Close())
			if network == "tcp" { // closing the other one has removed the socket's file
				connect(t, l, onRing)
			}
			viaNet := fileListener(t, listen(t, onRing, network))
			l2, err := uringnet.NewListener(viaNet)
			check(t, err)
			defer l2.Close()
			connect(t, l2, onRing)
		})
	}
}

// fileListener makes package net listen on a duplicate of l.
func fileListener(t *testing.T, l net.Listener) net.Listener {
	t.Helper()
	f, err := l.(filer).File()
	check(t, err)
	defer f.Close()
	nl, err := net.FileListener(f)
	check(t, err)
	t.Cleanup(func() { nl.Close() })
	return nl
}

// TestListenerFileShares: whoever has the duplicate finds the connections that come later, and so
// does the listener.
func TestListenerFileShares(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			l := listen(t, onRing, network)
			connect(t, l, onRing) // what Accept arms is armed
			other := fileListener(t, l)
			for range 5 {
				connect(t, other, onNet)
				connect(t, l, onNet)
			}
			// Both wait, and each connection goes to one of them.
			accepted := make(chan net.Conn)
			for _, x := range []net.Listener{l, other} {
				go func() {
					for {
						c, err := x.Accept()
						if err != nil {
							return
						}
						accepted <- c
					}
				}()
			}
			for range 50 {
				d, err := onNet.dial(network, l.Addr().String())
				check(t, err)
				a := <-accepted
				mustWrite(t, a, "ping")
				mustRead(t, d, "ping")
				check(t, a.Close())
				check(t, d.Close())
			}
			// The listener's end is not the end of the duplicate.
			if ul, ok := l.(*uringnet.UnixListener); ok {
				ul.SetUnlinkOnClose(false)
			}
			check(t, l.Close())
			d, err := onNet.dial(network, l.Addr().String())
			check(t, err)
			(<-accepted).Close()
			d.Close()
		})
	}
}

// TestAcceptDeadline: past, future, set and moved while blocked; and a connection that waits is not
// lost by any of it.
func TestAcceptDeadline(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			l := listen(t, onRing, network)
			accept := func() ioResult {
				c, err := l.Accept()
				if err == nil {
					c.Close()
				}
				return ioResult{0, err}
			}
			set := l.(deadliner).SetDeadline
			for range 3 {
				check(t, set(past))
				mustTimeOut(t, accept())
				check(t, set(soon()))
				mustTimeOut(t, accept())
				for _, d := range []time.Time{past, soon()} {
					check(t, set(never))
					blocked := parked(t, accept)
					check(t, set(d))
					mustTimeOut(t, <-blocked)
				}
				check(t, set(past))
				d, err := onNet.dial(network, l.Addr().String())
				check(t, err)
				mustTimeOut(t, accept()) // although one waits
				check(t, set(future()))
				check(t, accept().err)
				mustEOF(t, d)
				d.Close()
				check(t, set(future())) // moved away while blocked
				blocked := parked(t, accept)
				check(t, set(never))
				d, err = onNet.dial(network, l.Addr().String())
				check(t, err)
				check(t, (<-blocked).err)
				d.Close()
			}
		})
	}
}

// TestAcceptConcurrently has more callers than connections, and the other way round.
func TestAcceptConcurrently(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	const callers = 16
	conns := size(1000, 200)
	done, errs := make(chan struct{}, conns), make(chan error, callers)
	for range callers {
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					errs <- err
					return
				}
				if _, err := io.Copy(c, c); err != nil {
					t.Error(err)
				}
				c.Close()
				done <- struct{}{}
			}
		}()
	}
	for i := range conns {
		c, err := onRing.dial("tcp", l.Addr().String())
		check(t, err)
		go func() {
			defer c.Close()
			if err := transferTo(c, uint64(i)); err != nil {
				t.Error(err)
			}
		}()
	}
	for range conns {
		<-done
	}
	check(t, l.Close())
	for range callers {
		if err := <-errs; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Accept = %v", err)
		}
	}
}

// transferTo sends something to an echo and checks what comes back.
func transferTo(c net.Conn, seed uint64) error {
	if _, err := send(c, seed, 1000, 100); err != nil {
		return err
	}
	_, err := receive(c, seed, 1000, 100)
	return err
}
