package apitest

import (
	"errors"
	"io"
	"math/rand"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/testutil"
)

// Deadlines of all kinds, set by several goroutines while two read and two write: not a byte is
// lost, no call hangs, and once the deadline is far away none fails.
func TestDeadlineStorm(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	conns := 24
	rounds := 400
	if testing.Short() {
		rounds = 100
	}
	var wg sync.WaitGroup
	for range conns {
		c, err := uringnet.Dial("tcp", l.Addr().String())
		check(t, err)
		p, err := l.Accept()
		check(t, err)
		wg.Go(func() { storm(t, c, p, rounds) })
	}
	wg.Wait()
	for _, s := range uringnet.ReadStats().Rings {
		t.Logf("%+v", s)
	}
}

func storm(t *testing.T, c, p net.Conn, rounds int) {
	defer c.Close()
	defer p.Close()
	var stop atomic.Bool
	var setters, echo, readers sync.WaitGroup
	echo.Go(func() {
		io.Copy(struct{ io.Writer }{p}, struct{ io.Reader }{p})
		p.(interface{ CloseWrite() error }).CloseWrite()
	})
	for g := range 3 {
		rnd := rand.New(rand.NewSource(int64(g)))
		setters.Go(func() { setReadDeadlines(t, c, rnd, &stop) })
	}
	var got, sent atomic.Int64
	for range 2 {
		readers.Go(func() {
			buf := make([]byte, 100)
			for {
				n, err := c.Read(buf)
				got.Add(int64(n))
				if err == io.EOF {
					return
				}
				if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error(err)
					return
				}
				if err != nil {
					runtime.Gosched()
				}
			}
		})
	}
	for i := range rounds {
		n, err := c.Write(make([]byte, 1+i%300))
		sent.Add(int64(n))
		if err != nil {
			t.Error(err)
		}
		if !testutil.Poll(func() bool { return got.Load() >= sent.Load() }) {
			t.Errorf("round %d: %d of %d bytes", i, got.Load(), sent.Load())
			stop.Store(true)
			return
		}
	}
	stop.Store(true)
	setters.Wait()
	c.SetReadDeadline(time.Now().Add(time.Hour))
	c.(interface{ CloseWrite() error }).CloseWrite()
	readers.Wait()
	echo.Wait()
	if got.Load() != sent.Load() {
		t.Errorf("%d of %d bytes", got.Load(), sent.Load())
	}
}

// setReadDeadlines sets deadlines that are over, near, far and none, until it is told to stop.
func setReadDeadlines(t *testing.T, c net.Conn, rnd *rand.Rand, stop *atomic.Bool) {
	for !stop.Load() {
		var d time.Time
		switch rnd.Intn(6) {
		case 0, 1:
			d = time.Unix(1, 0)
		case 2:
			d = time.Now().Add(time.Duration(rnd.Intn(100)) * time.Microsecond)
		case 3:
			d = time.Now().Add(time.Hour)
		case 4:
			d = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		if err := c.SetReadDeadline(d); err != nil {
			t.Error(err)
		}
		for range rnd.Intn(30) {
			runtime.Gosched()
		}
	}
}
