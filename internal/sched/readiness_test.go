//go:build linux

package sched

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestReadiness(t *testing.T) {
	var r readiness
	if r.likely() {
		t.Error("likely before anything was submitted")
	}
	for range 1000 {
		r.note(100, 60)
	}
	if !r.likely() {
		t.Errorf("not likely although 60 of 100 were there: %+v", r)
	}
	for range 100 {
		r.note(100, 3)
	}
	if r.likely() {
		t.Errorf("still likely after 100 submissions without: %+v", r)
	}
	for range 100 {
		r.note(1, 1)
	}
	for range 10_000 {
		r.note(4096, 4096)
	}
	if !r.likely() || r.submitted > 10_000 {
		t.Errorf("the sums grow without bounds, or the past is not forgotten: %+v", r)
	}
}

// A receive finds its data whether the kernel tries first or waits first, and whether the data is
// there or comes.
func TestReceiveThatTriesFirst(t *testing.T) {
	a, b := socketPair(t)
	for _, crowd := range []bool{false, true} {
		for _, there := range []bool{false, true} {
			o := newOp()
			w := ringHere(t)
			w.mu.Lock()
			before := w.ready
			w.ready = readiness{100, 100}
			w.mu.Unlock()
			o.inCrowd = crowd
			buf := make([]byte, 8)
			write := func() {
				if _, err := unix.Write(a, []byte("ping")); err != nil {
					t.Fatal(err)
				}
			}
			if there {
				write()
			}
			o.Recv(b, buf)
			if !there {
				write()
			}
			if r := o.await(t); r.Errno != 0 || string(buf[:r.N]) != "ping" {
				t.Errorf("in crowd %v, data there %v: %+v", crowd, there, r)
			}
			w.mu.Lock()
			w.ready = before
			w.mu.Unlock()
		}
	}
}
