//go:build linux

package sched

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// bell lets a goroutine wait until the scheduler has looked at the runtime's poller, and so has
// seen what else is ready there. Yielding does not do that: the scheduler looks there when it finds
// nothing to run. The zero bell is ready to use, by one goroutine.
type bell struct {
	fd int     // an eventfd(2), if pd is not 0
	pd uintptr // the runtime's descriptor for it, or 0
}

// awaitPoll returns after a look at the poller. Where no file descriptor can be had it only yields,
// and the runtime's monitor looks there every 10 ms.
func (b *bell) awaitPoll() {
	if b.pd == 0 && !b.open() {
		runtime.Gosched()
		return
	}
	pollReset(b.pd, 'r')
	one := [8]byte{1}
	// Each write is an edge, whatever was written before. It fails when the counter is full, which
	// takes 2^64 writes.
	if _, err := unix.Write(b.fd, one[:]); err != nil {
		panic("uringnet: write to an eventfd: " + err.Error())
	}
	pollWait(b.pd, 'r')
}

func (b *bell) open() bool {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return false
	}
	pd, errno := pollOpen(uintptr(fd))
	if errno != 0 {
		unix.Close(fd)
		return false
	}
	b.fd, b.pd = fd, pd
	return true
}
