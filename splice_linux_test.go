package uringnet_test

import (
	"io"
	"os"
	"strings"
	"testing"

	"github.com/uringnet/uringnet"
)

// pipes counts the pipes that this process has open, by their ends.
func pipes(t *testing.T) (n int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	check(t, err)
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, "pipe:") {
			n++
		}
	}
	return n
}

// Much goes through a pipe, which is closed when it is done, or when little comes; nothing does once somebody has raw access.
func TestSpliceUsesPipe(t *testing.T) {
	if uringnet.Backend().Name != "io_uring" {
		t.Skip("package net keeps its pipes for later: " + uringnet.Backend().Reason)
	}
	eachRelay(t, func(t *testing.T, from, to string) {
		for _, raw := range []bool{false, true} {
			before := pipes(t)
			r := newRelay(t, onRing, from, to)
			if raw {
				if _, err := r.in.SyscallConn(); err != nil {
					t.Fatal(err)
				}
			}
			done := make(chan error, 1)
			go func() {
				_, err := io.Copy(r.out, r.in)
				done <- err
			}()
			// The sink takes nothing for now: the copy waits for it when all buffers are full.
			written := make(chan struct{})
			go func() {
				r.client.Write(make([]byte, 16<<20))
				close(written)
			}()
			if raw {
				io.CopyN(io.Discard, r.sink, 8<<20)
				if n := pipes(t); n != before {
					t.Errorf("%d ends of pipes for a connection to which somebody has raw access", n-before)
				}
			} else {
				eventually(t, "a pipe", func() bool { return pipes(t) == before+2 })
			}
			rest := int64(16 << 20)
			if raw {
				rest -= 8 << 20
			}
			if _, err := io.CopyN(io.Discard, r.sink, rest); err != nil {
				t.Fatal(err)
			}
			<-written
			mustWrite(t, r.client, "a little more")
			eventually(t, "the pipe to be closed", func() bool { return pipes(t) == before })
			r.client.Close()
			check(t, <-done)
			r.out.Close()
		}
	})
}
