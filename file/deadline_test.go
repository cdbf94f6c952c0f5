//go:build linux

package file

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/sched"
	"github.com/uringnet/uringnet/internal/testutil"
)

// calls that a deadline or a context can interrupt.
var interruptible = []struct {
	name string
	call func(f *File, p []byte) (int, error)
}{
	{"Read", (*File).Read},
	{"ReadAt", func(f *File, p []byte) (int, error) { return f.ReadAt(p, 0) }},
	{"Write", (*File).Write},
	{"WriteAt", func(f *File, p []byte) (int, error) { return f.WriteAt(p, 0) }},
	{"Sync", func(f *File, _ []byte) (int, error) { return 0, f.Sync() }},
}

// needDeadlines opens a file that has deadlines.
func needDeadlines(t *testing.T, w way, size int) *File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	must(os.WriteFile(name, pattern(size, 1), 0o600))
	f := openIn(t, w, name, os.O_RDWR)
	if f.raw == nil {
		t.Skip("all calls are those of package os, which has no deadlines for files")
	}
	return f
}

// A call that begins after its deadline fails, and does nothing.
func TestDeadlineBefore(t *testing.T) {
	inEachWay(t, func(t *testing.T, w way) {
		f := needDeadlines(t, w, 10_000)
		before := sched.ReadFileStats().Submissions
		for _, c := range interruptible {
			must(f.SetDeadline(time.Unix(1, 0)))
			n, err := c.call(f, make([]byte, 100))
			var pathErr *fs.PathError
			if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &pathErr) || pathErr.Path != f.Name() {
				t.Errorf("%s: %d, %v", c.name, n, err)
			}
			if at, err := f.Seek(0, 1); at != 0 || err != nil {
				t.Errorf("%s has moved the offset to %d, %v", c.name, at, err)
			}
		}
		if got, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(got, pattern(10_000, 1)) {
			t.Errorf("the file has changed: %v", err)
		}
		if n := sched.ReadFileStats().Submissions - before; n != 0 {
			t.Errorf("%d requests", n)
		}
	})
}

// Each direction has its deadline, which can be moved and cleared.
func TestDeadlineMoved(t *testing.T) {
	past, future := time.Unix(1, 0), time.Now().Add(time.Hour)
	f := needDeadlines(t, byRequests, 10_000)
	for _, c := range []struct {
		name        string
		set         []func() error
		read, write bool // which one is over
	}{
		{"both over", []func() error{func() error { return f.SetDeadline(past) }}, true, true},
		{"moved later", []func() error{func() error { return f.SetDeadline(future) }}, false, false},
		{"that of reads over", []func() error{func() error { return f.SetReadDeadline(past) }}, true, false},
		{"cleared", []func() error{func() error { return f.SetDeadline(time.Time{}) }}, false, false},
		{"that of writes over", []func() error{func() error { return f.SetWriteDeadline(past) }}, false, true},
		{"that of reads alone cleared", []func() error{func() error { return f.SetReadDeadline(time.Time{}) }}, false, true},
		{"set and cleared", []func() error{func() error { return f.SetDeadline(past) }, func() error { return f.SetDeadline(time.Time{}) }}, false, false},
		{"set twice", []func() error{func() error { return f.SetDeadline(future) }, func() error { return f.SetDeadline(past) }}, true, true},
	} {
		for _, set := range c.set {
			must(set())
		}
		for i, over := range []bool{c.read, c.read, c.write, c.write, c.write} {
			if _, err := interruptible[i].call(f, make([]byte, 10)); errors.Is(err, os.ErrDeadlineExceeded) != over {
				t.Errorf("%s: %s: %v", c.name, interruptible[i].name, err)
			}
		}
	}
	must(f.Close())
	if err := f.SetDeadline(future); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// A deadline passes by itself, and one that was moved passes no more.
func TestDeadlinePasses(t *testing.T) {
	f := needDeadlines(t, asItIs, 10_000)
	must(f.SetReadDeadline(time.Now().Add(time.Millisecond)))
	testutil.Eventually(t, "the deadline to pass", f.reading.over)
	if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	must(f.SetReadDeadline(time.Now().Add(time.Hour)))
	if n, err := f.ReadAt(make([]byte, 1), 0); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	// The function of a timer may be about to run when the deadline is moved.
	timer := func() *time.Timer {
		f.reading.mu.Lock()
		defer f.reading.mu.Unlock()
		return f.reading.timer
	}
	testutil.Eventually(t, "the timer to be made", func() bool { return timer() != nil })
	old := timer()
	must(f.SetReadDeadline(time.Now().Add(2 * time.Hour)))
	if old.Stop() {
		t.Error("the timer of the earlier deadline still runs")
	}
}

var errCause = errors.New("the cause")

// A context that is done before the call interrupts it, and says why.
func TestContextBefore(t *testing.T) {
	f := needDeadlines(t, byRequests, 10_000)
	cancelled, cancel := context.WithCancelCause(context.Background())
	cancel(errCause)
	late, stop := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer stop()
	for _, c := range []struct {
		ctx  context.Context
		want error
	}{{cancelled, errCause}, {late, context.DeadlineExceeded}} {
		for _, p := range [][]byte{make([]byte, 100), nil} {
			if n, err := f.ReadAtContext(c.ctx, p, 0); n != 0 || !errors.Is(err, c.want) {
				t.Errorf("ReadAtContext: %d, %v", n, err)
			}
			if n, err := f.WriteAtContext(c.ctx, p, 0); n != 0 || !errors.Is(err, c.want) {
				t.Errorf("WriteAtContext: %d, %v", n, err)
			}
		}
	}
	if got, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(got, pattern(10_000, 1)) {
		t.Errorf("the file has changed: %v", err)
	}
}

// lentBuffer is what a read was given, and what was in it when the read returned.
type lentBuffer struct{ now, then []byte }

// Interruptions come at any time. A read that is interrupted says so, and what it says to have read
// is there. Nothing is written to its memory after it has returned.
func TestInterruptedReads(t *testing.T) {
	inEachWay(t, func(t *testing.T, w way) {
		const size = 300_000
		f := needDeadlines(t, w, size)
		data := pattern(size, 1)
		defer chilling(w, f.Name())()
		var stop atomic.Bool
		var setter stdsync.WaitGroup
		setter.Go(func() {
			for i := 0; !stop.Load(); i++ {
				must(f.SetReadDeadline([]time.Time{time.Unix(1, 0), {}, time.Now(), time.Now().Add(time.Hour)}[i%4]))
			}
		})
		var interrupted, ended atomic.Int32
		lent := make([][]lentBuffer, 8)
		atOnce(len(lent), func(i int) {
			for k := range 100 {
				ctx, cancel := context.WithCancelCause(context.Background())
				if i%2 == 0 {
					go cancel(errCause)
				}
				at := 3000 * k
				p := bytes.Repeat([]byte{0xEE}, size-at)
				n, err := f.ReadAtContext(ctx, p, int64(at))
				cancel(nil)
				lent[i] = append(lent[i], lentBuffer{p, bytes.Clone(p)})
				switch {
				case err == nil && n == len(p):
					ended.Add(1)
				case errors.Is(err, os.ErrDeadlineExceeded), i%2 == 0 && errors.Is(err, errCause):
					interrupted.Add(1)
				default:
					t.Errorf("%d of %d, %v", n, len(p), err)
				}
				if !bytes.Equal(p[:n], data[at:at+n]) {
					t.Error("wrong bytes")
				}
			}
		})
		stop.Store(true)
		setter.Wait()
		testutil.Eventually(t, "all requests to end", func() bool { return sched.ReadFileStats().InFlight == 0 })
		if r, n := readsUnderWay.Load(), atomic.LoadInt32(&tries); r != 0 || n != 0 {
			t.Errorf("%d reads, %d tries are under way", r, n)
		}
		if n := len(f.reading.requests); n != 0 {
			t.Errorf("the deadline would interrupt %d requests that are over", n)
		}
		for _, all := range lent {
			for _, b := range all {
				if !bytes.Equal(b.now, b.then) {
					t.Fatal("memory has changed after its read had returned")
				}
			}
		}
		t.Logf("%d reads came to their end, %d were interrupted", ended.Load(), interrupted.Load())
	})
}

// A call whose context came too late may still be interrupted by it: nobody else uses it again.
func TestLateInterruption(t *testing.T) {
	needRing(t)
	f := needDeadlines(t, byRequests, 10_000)
	for range 20 {
		ctx, cancel := context.WithCancel(context.Background())
		late := newCall(f, &f.reading, nil, 0)
		late.ctx = ctx
		if !late.begin() {
			t.Fatal("no request can be made")
		}
		cancel() // starts a goroutine that interrupts
		if n, err := late.endRequest(1, nil); n != 1 || err != nil {
			t.Errorf("what has come is lost: %d, %v", n, err)
		}
		late.finish(nil)
		for range 20 {
			if newCall(f, &f.reading, nil, 0) == late {
				t.Fatal("the call is used again")
			}
		}
	}
}
