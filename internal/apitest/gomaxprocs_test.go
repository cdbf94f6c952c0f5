package apitest

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
)

// load keeps conns connections busy with messages back and forth, until its stop is called; that
// reports the first error.
func load(t *testing.T, conns int) (messages *atomic.Int64, stop func()) {
	t.Helper()
	l := listen(t, onRing, "tcp")
	messages = new(atomic.Int64)
	var stopped atomic.Bool
	errs := make(chan error, 2*conns)
	for range conns {
		a, d := connect(t, l, onRing)
		go func() {
			_, err := io.Copy(a, a)
			a.Close()
			errs <- err
		}()
		go func() {
			err := pingPong(d, messages, &stopped)
			d.Close()
			errs <- err
		}()
	}
	return messages, func() {
		stopped.Store(true)
		for range 2 * conns {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	}
}

func pingPong(c net.Conn, messages *atomic.Int64, stopped *atomic.Bool) error {
	out, in := make([]byte, 100), make([]byte, 100)
	for i := 0; !stopped.Load(); i++ {
		out[i%100]++
		if _, err := c.Write(out); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, in); err != nil {
			return err
		}
		if string(in) != string(out) {
			return fmt.Errorf("message %d is wrong", i)
		}
		messages.Add(1)
	}
	return nil
}

// TestGOMAXPROCS changes the number of processors under load: rings appear for new ones, and those
// of processors that are gone still have operations in flight.
func TestGOMAXPROCS(t *testing.T) {
	begin(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	messages, stop := load(t, 32)
	for range size(5, 2) {
		for _, n := range []int{1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 4, 2} {
			runtime.GOMAXPROCS(n)
			before := messages.Load()
			eventually(t, "traffic", func() bool { return messages.Load() > before+500 })
		}
	}
	stop()
}
