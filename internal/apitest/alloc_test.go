package apitest

import (
	"testing"

	"github.com/uringnet/uringnet/internal/testutil"
)

// A Read and a Write in steady state allocate nothing, whether the Read finds data or waits for it.
func TestReadAndWriteDoNotAllocate(t *testing.T) {
	if testutil.RaceEnabled {
		t.Skip("the race detector allocates")
	}
	begin(t)
	c, peer := tcpPair(t)
	go func() {
		b := make([]byte, 64)
		for {
			n, err := peer.Read(b)
			if err != nil {
				return
			}
			if _, err := peer.Write(b[:n]); err != nil {
				return
			}
		}
	}()
	for _, size := range []int{1, 64} { // received into a buffer of the pool, and into b
		b := make([]byte, size)
		n := testing.AllocsPerRun(1000, func() {
			if _, err := c.Write(b); err != nil {
				t.Fatal(err)
			}
			if n, err := c.Read(b); n != size || err != nil {
				t.Fatal(n, err)
			}
		})
		if n != 0 {
			t.Errorf("%v allocations per Write and Read of %d bytes", n, size)
		}
	}
	check(t, c.Close())
}
