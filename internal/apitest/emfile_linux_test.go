package apitest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAcceptWithoutFileDescriptors runs in a child that has used them up: Accept says so with an
// error that servers take as a reason to try again, and the connection is still there when they do.
func TestAcceptWithoutFileDescriptors(t *testing.T) {
	begin(t)
	for _, armed := range []string{"fresh", "armed"} {
		t.Run(armed, func(t *testing.T) { child(t, "emfile", "URINGNET_TEST_ARMED="+armed) })
	}
}

func init() { children["emfile"] = emfileChild }

func emfileChild() error {
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 100, Max: 100}); err != nil {
		return err
	}
	l, err := onRing.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if os.Getenv("URINGNET_TEST_ARMED") == "armed" { // an Accept has been there before
		if err := acceptOne(l); err != nil {
			return err
		}
	}
	fill := &filler{}
	fill.all()
	fill.release(4)
	d, err := onNet.dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	fill.all()
	for i := range 3 {
		c, err := l.Accept()
		if err == nil && i == 0 && os.Getenv("URINGNET_TEST_ARMED") == "armed" {
			// Accepted ahead, while there were file descriptors. The next one has none.
			d.Close()
			c.Close()
			fill.all()
			fill.release(1)
			if d, err = onNet.dial("tcp", l.Addr().String()); err != nil {
				return err
			}
			continue
		}
		var temporary interface{ Temporary() bool }
		if !errors.Is(err, unix.EMFILE) || !errors.As(err, &temporary) || !temporary.Temporary() {
			return fmt.Errorf("attempt %d: Accept = %v, %w, want EMFILE, temporary", i, c, err)
		}
		want := fmt.Sprintf("accept tcp %v: accept4: too many open files", l.Addr())
		if err.Error() != want {
			return fmt.Errorf("the error reads %q, want %q", err, want)
		}
	}
	fill.release(10)
	c, err := l.Accept()
	if err != nil {
		return fmt.Errorf("with file descriptors again: %w", err)
	}
	if err := hello(d, c); err != nil {
		return err
	}
	return acceptOne(l)
}

// acceptOne makes a connection and uses it.
func acceptOne(l net.Listener) error {
	d, err := onNet.dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	defer d.Close()
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	return hello(d, c)
}

func hello(from, to net.Conn) error {
	if _, err := from.Write([]byte("hello")); err != nil {
		return err
	}
	b := make([]byte, 16)
	if n, err := to.Read(b); err != nil || string(b[:n]) != "hello" {
		return fmt.Errorf("read %q, %w", b[:n], err)
	}
	return nil
}

// filler holds all file descriptors that are left.
type filler struct{ fds []int }

func (f *filler) all() {
	for {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return
		}
		f.fds = append(f.fds, fd)
	}
}

func (f *filler) release(n int) {
	for _, fd := range f.fds[:n] {
		unix.Close(fd)
	}
	f.fds = f.fds[n:]
}
