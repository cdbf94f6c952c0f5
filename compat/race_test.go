package compat

import "testing"

// TestSocketsSynchronize matters under -race only. Package net tells the race detector that what
// happens before a Write happens before the Read that gets the bytes (by way of ioSync in package
// syscall). Programs rely on it, and so do the standard library's tests.
func TestSocketsSynchronize(t *testing.T) {
	c, peer := connect(t, "tcp")
	shared := 0
	go func() {
		shared = 1
		c.Write([]byte("x"))
	}()
	if n, err := peer.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Fatalf("Read = %d, %v", n, err)
	}
	if shared != 1 {
		t.Error("the bytes came before what was written to memory before them")
	}
}
