package apitest

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMemoryOutsideTheHeap reads into, and writes from, memory that the collector knows nothing of.
func TestMemoryOutsideTheHeap(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		const length = 1 << 20
		mem, err := unix.Mmap(-1, 0, 2*length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		check(t, err)
		defer unix.Munmap(mem)
		in, out := mem[:length], mem[length:]
		pattern(19).Read(out)
		wrote := make(chan error, 1)
		go func() {
			_, err := c.Write(out)
			wrote <- err
		}()
		go func() { // an echo
			buf := make([]byte, 10_000)
			for {
				n, err := peer.Read(buf)
				if err != nil {
					return
				}
				if _, err := peer.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
		for got := 0; got < length; {
			n, err := c.Read(in[got:min(length, got+1+got%5000)]) // small reads and large ones
			check(t, err)
			got += n
		}
		check(t, <-wrote)
		check(t, c.Close()) // nothing may write there once it is unmapped
		if !bytes.Equal(in, out) {
			t.Error("wrong content")
		}
	})
}
