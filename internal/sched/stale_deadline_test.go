//go:build linux

package sched

import (
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

var spun atomic.Int64

// What an interruption has left in the runtime's descriptor is not taken for a deadline in the
// future that is set just when a call begins.
func TestNoDeadlineOfAnEarlierWait(t *testing.T) {
	rounds := 100_000
	if testing.Short() {
		rounds = 20_000
	}
	a, b := socketPair(t)
	p := watch(t, b)
	s := &p.In
	for _, procs := range []int{2, 8} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		begin, done := make(chan int), make(chan bool)
		go func() {
			for i := range begin {
				for range i % 200 {
					spun.Add(1)
				}
				if err := s.SetDeadline(time.Now().Add(time.Hour)); err != nil {
					t.Error(err)
				}
				write(t, a, "x")
				done <- true
			}
		}()
		for i := range rounds {
			// As if an expired deadline had interrupted a wait and been cleared since.
			s.SetDeadline(time.Time{})
			pollSetDeadline(p.pd.Load(), past, 'r')
			begin <- i
			if err := s.Prepare(); err != nil {
				t.Fatalf("round %d, %d Ps: Prepare: %v with a deadline in an hour", i, procs, err)
			}
			for got := drain(t, b); got == 0; got = drain(t, b) {
				if err := s.WaitReady(); err != nil {
					t.Fatalf("round %d, %d Ps: WaitReady: %v with a deadline in an hour", i, procs, err)
				}
			}
			<-done
		}
		close(begin)
	}
}

// Prepare forgets what was ready before also if the last wait was interrupted.
func TestPrepareForgetsAfterInterruption(t *testing.T) {
	a, b := socketPair(t)
	p := watch(t, b)
	// As if an expired deadline had interrupted a wait and been cleared since.
	pollSetDeadline(p.pd.Load(), past, 'r')
	write(t, a, "x")
	new(pollRound).await() // the runtime notes that
	drain(t, b)
	if err := p.In.Prepare(); err != nil {
		t.Fatal(err)
	}
	p.In.SetDeadline(time.Now().Add(20 * time.Millisecond))
	if err := p.In.WaitReady(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%v although nothing has become ready since Prepare", err)
	}
}
