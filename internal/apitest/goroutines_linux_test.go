package apitest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/testutil"
)

// TestGoroutinesLeft guards that when everything is closed only the goroutines of the rings remain,
// and that there are none of these before the first crowd, nor where nobody needs a ring.
func TestGoroutinesLeft(t *testing.T) {
	for _, m := range eachMode(t) {
		for _, scene := range []string{"few", "crowd"} {
			t.Run(m.name+"/"+scene, func(t *testing.T) {
				begin(t)
				if out, err := tryChild(t, "goroutines", append(slices.Clone(m.env), sceneEnv+"="+scene, "GOMAXPROCS=1")...); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}

func init() { children["goroutines"] = goroutinesChild }

func goroutinesChild() error {
	onRings := os.Getenv(waitEnv) == "ring"
	if err := nothingLeft(false); err != nil {
		return fmt.Errorf("at first: %w", err)
	}
	w := childWorld()
	if !onRings {
		for range 3 {
			if err := useAlone(w); err != nil {
				return err
			}
			if err := nothingLeft(false); err != nil {
				return fmt.Errorf("after a few connections: %w", err)
			}
		}
	}
	if os.Getenv(sceneEnv) == "crowd" {
		if err := useTogether(w, 64, 200); err != nil {
			return err
		}
		return nothingLeft(true)
	}
	if onRings {
		if err := errors.Join(useAlone(w), nothingLeft(true)); err != nil {
			return err
		}
	}
	return nil
}

// nothingLeft waits until only this goroutine is there, and those of rings if there may be some.
func nothingLeft(rings bool) error {
	left := ""
	limit := time.Now().Add(childLimit / 2)
	testutil.Poll(func() bool {
		left = ""
		for _, g := range testutil.Goroutines() {
			ofRing := strings.Contains(g.Stack, "internal/sched.(*worker)")
			if g.State != "running" && !(rings && ofRing) {
				left += g.Stack + "\n\n"
			}
		}
		return left == "" || time.Now().After(limit)
	})
	if left != "" {
		return errors.New("there are goroutines left:\n" + left)
	}
	if n := openRings(); n > 0 && !rings {
		return fmt.Errorf("there are %d rings", n)
	}
	return nil
}

// openRings counts the rings of the process by their descriptors.
func openRings() (n int) {
	for fd := range testutil.OpenFDs() {
		if strings.HasSuffix(fd, " anon_inode:[io_uring]") {
			n++
		}
	}
	return n
}

// useAlone has one connection wait in all ways that there are.
func useAlone(w world) error {
	l, err := w.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	accepted := make(chan net.Conn, 1)
	accepts, err := parkedTask(func() error {
		c, err := l.Accept()
		accepted <- c
		return err
	})
	if err != nil {
		return err
	}
	d, err := w.dial("tcp", l.Addr().String())
	if err = errors.Join(err, <-accepts); err != nil {
		return err
	}
	c := <-accepted
	reads, err := parkedTask(func() error { return receiveByte(c) })
	if err = errors.Join(err, sendByte(d), <-reads); err != nil {
		return err
	}
	timed := func() error {
		c.SetDeadline(soon())
		if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
			return err
		}
		l.(deadliner).SetDeadline(time.Now().Add(time.Millisecond))
		if _, err := l.Accept(); !isTimeout(err) {
			return err
		}
		return c.SetDeadline(never)
	}
	closes, err := parkedTask(func() error { _, err := io.Copy(io.Discard, struct{ io.Reader }{d}); return err })
	return errors.Join(err, timed(), c.Close(), l.Close(), <-closes, d.Close())
}

// useTogether has many connections echo bytes at once.
func useTogether(w world, conns, rounds int) error {
	l, err := w.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ended := make(chan error, conns)
	var peers []net.Conn
	for range conns {
		p, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return err
		}
		c, err := l.Accept()
		if err != nil {
			return err
		}
		peers = append(peers, p)
		go func() {
			_, err := io.Copy(c, struct{ io.Reader }{c})
			ended <- errors.Join(err, c.Close())
		}()
	}
	for range rounds {
		for _, p := range peers {
			err = errors.Join(err, sendByte(p))
		}
		for _, p := range peers {
			err = errors.Join(err, receiveByte(p))
		}
	}
	for _, p := range peers {
		err = errors.Join(err, p.Close(), <-ended)
	}
	return errors.Join(err, l.Close())
}
