//go:build linux

package sched

import (
	"errors"
	"os"
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
