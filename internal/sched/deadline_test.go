//go:build linux

package sched

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestDeadline(t *testing.T) {
	var f Future
	var d Deadline
	d.Init(&f)
	want := func(err error) {
		t.Helper()
		if got := d.Err(); !errors.Is(got, err) {
			t.Fatalf("%v, want %v", got, err)
		}
	}
	want(nil)
	d.Set(time.Now().Add(-time.Second))
	f.Wait()
	want(os.ErrDeadlineExceeded)
	d.Set(time.Now().Add(time.Hour))
	want(nil)
	d.Set(time.Now().Add(time.Millisecond))
	f.Wait()
	want(os.ErrDeadlineExceeded)
	d.Set(time.Time{})
	want(nil)
	// Moved ahead of a timer that is about to fire, over and over: it must never expire.
	for range 2000 {
		d.Set(time.Now().Add(time.Microsecond))
		d.Set(time.Now().Add(time.Hour))
		want(nil)
	}
	Close(&d)
	want(ErrClosed)
	if d.Set(time.Time{}) {
		t.Error("Set after Close succeeds")
	}
	want(ErrClosed)
}

// Every way from one kind of deadline to another ends in what was set last.
func TestDeadlineFromEachToEach(t *testing.T) {
	kinds := []struct {
		name string
		t    time.Time
		want error
	}{
		{"none", time.Time{}, nil},
		{"a second ago", time.Now().Add(-time.Second), os.ErrDeadlineExceeded},
		{"long ago", time.Unix(1, 0), os.ErrDeadlineExceeded},
		{"in an hour", time.Now().Add(time.Hour), nil},
	}
	for _, first := range kinds {
		for _, second := range kinds {
			var f Future
			var d Deadline
			d.Init(&f)
			for _, k := range []int{0, 1} {
				kind := first
				if k == 1 {
					kind = second
				}
				if !d.Set(kind.t) || d.Err() != kind.want {
					t.Fatalf("%s, then %s: at the end of step %d it is %v", first.name, second.name, k+1, d.Err())
				}
				if timed := d.state.Load() == dlTimed; timed == d.due.IsZero() {
					t.Fatalf("%s, then %s: timed is %v, and due at %v", first.name, second.name, timed, d.due)
				}
				if kind.want != nil && (k == 0 || first.want == nil) {
					f.Wait() // who waits is woken
				}
			}
			Close(&d)
			if d.Set(second.t) || d.Err() != ErrClosed {
				t.Fatalf("%s, then closed, then %s: %v", first.name, second.name, d.Err())
			}
		}
	}
}

// Setters of all kinds at the same time, and a timer that fires among them, leave the deadline as the last one says.
func TestDeadlineSetByMany(t *testing.T) {
	for range 200 {
		var f Future
		var d Deadline
		d.Init(&f)
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				for i := range 40 {
					switch (i + g) % 4 {
					case 0:
						d.Set(time.Time{})
					case 1:
						d.Set(time.Unix(1, 0))
					case 2:
						d.Set(time.Now().Add(time.Microsecond))
					case 3:
						d.Set(time.Now().Add(time.Hour))
					}
				}
			})
		}
		wg.Wait()
		for _, step := range []struct {
			t    time.Time
			want error
		}{{time.Unix(1, 0), os.ErrDeadlineExceeded}, {time.Time{}, nil}, {time.Now().Add(time.Hour), nil}, {time.Unix(0, 0), os.ErrDeadlineExceeded}} {
			if d.Set(step.t); d.Err() != step.want {
				t.Fatalf("set to %v it is %v", step.t, d.Err())
			}
		}
		for g := range 3 {
			wg.Go(func() { d.Set([]time.Time{{}, time.Unix(1, 0), time.Now().Add(time.Hour)}[g]) })
		}
		Close(&d)
		wg.Wait()
		if d.Err() != ErrClosed || !d.due.IsZero() {
			t.Fatalf("closed, it is %v and due at %v", d.Err(), d.due)
		}
	}
}

// A Set at the very moment of a Close does not open it again.
func TestDeadlineStaysClosed(t *testing.T) {
	ds := make([]Deadline, 100_000)
	futs := make([]Future, len(ds))
	var at atomic.Int64
	at.Store(-1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range ds {
			for at.Load() < int64(i) {
				runtime.Gosched()
			}
			ds[i].Set(time.Unix(1, 0))
			ds[i].Set(time.Time{})
		}
	})
	for i := range ds {
		ds[i].Init(&futs[i])
		at.Store(int64(i))
		Close(&ds[i])
	}
	wg.Wait()
	for i := range ds {
		if ds[i].Err() != ErrClosed {
			t.Fatalf("number %d is %v after Close", i, ds[i].Err())
		}
	}
}
