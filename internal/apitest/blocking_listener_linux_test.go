package apitest

import (
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/uringnet/uringnet"
)

// Somebody who got the listener's descriptor may make it blocking, for both: Close still ends an
// Accept that waits, or that begins afterwards.
func TestCloseBlockingListener(t *testing.T) {
	needSockets(t) // on package net that Accept waits in the kernel, and Close with it
	begin(t)
	l := listen(t, onRing, "tcp")
	f, err := l.(interface{ File() (*os.File, error) }).File()
	check(t, err)
	defer f.Close()
	f.Fd() // makes it blocking
	accepts := parked(t, func() error { _, err := l.Accept(); return err })
	check(t, l.Close())
	mustBeClosed(t, "Accept", <-accepts)
}

// So may who had a duplicate before the listener was taken over, as the master of a prefork server
// has.
func TestCloseBlockingForeignListener(t *testing.T) {
	needSockets(t)
	begin(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // a P that is held in the kernel stops everything
	nl := listen(t, onNet, "tcp")
	f, err := nl.(*net.TCPListener).File()
	check(t, err)
	defer f.Close()
	l, err := uringnet.NewListener(nl)
	check(t, err)
	defer l.Close()
	f.Fd() // makes it blocking
	accepts := parked(t, func() error { _, err := l.Accept(); return err })
	check(t, l.Close())
	mustBeClosed(t, "Accept", <-accepts)
}
