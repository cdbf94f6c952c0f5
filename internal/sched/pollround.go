//go:build linux

package sched

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// pollRound lets a goroutine wait until the scheduler has looked at the runtime's poller, and so
// has seen what else is ready there. Yielding does not do that: the scheduler looks there when it
// finds nothing to run. The zero pollRound is ready to use, by one goroutine.
type pollRound struct {
	fd int     // an eventfd(2), if pd is not 0
	pd uintptr // the runtime's descriptor for it, or 0
}

// await returns after a look at the poller. Where no file descriptor can be had it only yields, and
// the runtime's monitor looks there every 10 ms.
func (r *pollRound) await() {
	if r.pd == 0 && !r.open() {
		runtime.Gosched()
		return
	}
	outside.Poller.Reset(r.pd, 'r')
	one := [8]byte{1}
	// Each write is an edge, whatever was written before. It fails when the counter is full, which
	// takes 2^64 writes.
	if _, err := unix.Write(r.fd, one[:]); err != nil {
		panic("uringnet: write to an eventfd: " + err.Error())
	}
	outside.Poller.Wait(r.pd, 'r')
}

func (r *pollRound) open() bool {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return false
	}
	pd, errno := outside.Poller.Open(uintptr(fd))
	if errno != 0 {
		unix.Close(fd)
		return false
	}
	r.fd, r.pd = fd, pd
	return true
}
