package uringnet_test

import (
	"os"
	"testing"
)

// Somebody who got the listener's descriptor may make it blocking, for both: Close still ends an Accept that waits.
func TestCloseBlockingListener(t *testing.T) {
	needRing(t) // on package net that Accept waits in the kernel, and Close with it
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
