package apitest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// TestSIGPIPE guards that a program which asked for SIGPIPE gets it for a write to a connection
// that is gone wherever package net brings it.
func TestSIGPIPE(t *testing.T) {
	begin(t)
	said := map[string]string{}
	for _, m := range eachMode(t) {
		out, err := tryChild(t, "sigpipe", m.env...)
		if err != nil {
			t.Fatalf("%s: %v\n%s", m.name, err, out)
		}
		said[m.name] = out
	}
	want := said["net"]
	if !strings.Contains(want, "signal=true") {
		t.Errorf("package net got no signal at all:\n%s", want)
	}
	for _, m := range eachMode(t)[1:] {
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(said[m.name], "\n")); diff != "" {
			t.Errorf("%s (-net +uringnet):\n%s", m.name, diff)
		}
	}
}

// brokenWrites are the ways to write to a connection that has ended.
var brokenWrites = []struct {
	name  string
	write func(w world, c net.Conn) error
}{
	{"Write", func(_ world, c net.Conn) error { return sendByte(c) }},
	{"large Write", func(_ world, c net.Conn) error { _, err := c.Write(make([]byte, 1<<20)); return err }},
	{"WriteBuffers", func(w world, c net.Conn) error {
		_, err := w.writeBuffers(c, &net.Buffers{[]byte("a"), []byte("b")})
		return err
	}},
	{"ReadFrom(file)", func(_ world, c net.Conn) error {
		f, err := os.Open(os.Args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(c, io.LimitReader(f, 100_000))
		return err
	}},
	{"ReadFrom(conn)", readFromConn},
}

func readFromConn(w world, c net.Conn) error {
	source, peer, err := connected(w, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer source.Close()
	ended := make(chan error)
	go func() {
		_, err := peer.Write(make([]byte, 1<<20))
		peer.Close()
		ended <- err
	}()
	_, err = io.Copy(c, source)
	source.Close()
	<-ended
	return err
}

func init() { children["sigpipe"] = sigpipeChild }

// sigpipeChild says for each way whether there was a signal.
func sigpipeChild() error {
	w := childWorld()
	s := newSignals()
	for _, network := range []string{"tcp", "unix"} {
		for _, after := range []string{"reset", "CloseWrite"} {
			for _, x := range brokenWrites {
				c, peer, err := connected(w, network, map[string]string{"tcp": "127.0.0.1:0"}[network])
				if err != nil {
					return err
				}
				if err := breakConn(c, peer, after); err != nil {
					return err
				}
				if s.took() {
					return errors.New("a signal before the write")
				}
				for range 2 {
					err := x.write(w, c)
					if !errors.Is(err, unix.EPIPE) {
						return fmt.Errorf("%s after %s: %w", x.name, after, err)
					}
					fmt.Printf("%s, %s after %s: signal=%v\n", network, x.name, after, s.took())
				}
				if err := errors.Join(c.Close(), peer.Close()); err != nil && after != "reset" {
					return err
				}
			}
		}
	}
	return nil
}

// breakConn makes every write to c fail with EPIPE.
func breakConn(c, peer net.Conn, how string) error {
	if how == "CloseWrite" {
		return c.(stream).CloseWrite()
	}
	if tc, ok := peer.(*net.TCPConn); ok {
		if err := tc.SetLinger(0); err != nil {
			return err
		}
	}
	if err := peer.Close(); err != nil {
		return err
	}
	if _, err := c.Read(make([]byte, 1)); err == nil { // takes the reset
		return errors.New("the connection is not broken")
	}
	return nil
}

// signals are SIGPIPE, and one of a higher number, which the runtime passes on after it.
type signals struct{ pipe, mark chan os.Signal }

func newSignals() signals {
	s := signals{make(chan os.Signal, 100), make(chan os.Signal, 1)}
	signal.Notify(s.pipe, unix.SIGPIPE)
	signal.Notify(s.mark, unix.SIGWINCH)
	return s
}

// took reports whether SIGPIPE came up to now. A write has brought it before it returns.
func (s signals) took() (some bool) {
	unix.Kill(os.Getpid(), unix.SIGWINCH)
	<-s.mark
	for len(s.pipe) > 0 {
		<-s.pipe
		some = true
	}
	return some
}
