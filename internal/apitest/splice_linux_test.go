package apitest

import (
	"bytes"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/testutil"
)

// pipes are those that this process has open.
func pipes() map[string]bool {
	open := map[string]bool{}
	for fd := range testutil.OpenFDs() {
		if _, link, _ := strings.Cut(fd, " "); strings.HasPrefix(link, "pipe:") {
			open[link] = true
		}
	}
	return open
}

// newPipes counts those that are open and were not before.
func newPipes(before map[string]bool) (n int) {
	for link := range pipes() {
		if !before[link] {
			n++
		}
	}
	return n
}

// Much goes through a pipe, which is closed when it is done, or when little comes; nothing does if
// somebody else may have the descriptor.
func TestSpliceUsesPipe(t *testing.T) {
	if uringnet.Backend().Name != "io_uring" {
		t.Skip("package net keeps its pipes for later: " + uringnet.Backend().Reason)
	}
	const much = 64 << 20
	for _, tc := range []struct {
		name  string
		share func(r *relay) error
		want  int
	}{
		{"own", func(*relay) error { return nil }, 1},
		{"a file was copied to the writer", copyFile, 1},
		{"raw access to the reader", func(r *relay) error { return showDescriptor(r.in) }, 0},
		{"raw access to the writer", func(r *relay) error { return showDescriptor(r.out) }, 0},
		{"a reader that was taken over", takeOverIn, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			eachRelay(t, func(t *testing.T, from, to string) {
				before := pipes()
				r := newRelay(t, onRing, from, to)
				check(t, tc.share(&r))
				done := make(chan error, 1)
				go func() {
					_, err := io.Copy(r.out, r.in)
					done <- err
				}()
				written := make(chan struct{})
				go func() {
					r.client.Write(make([]byte, much))
					close(written)
				}()
				// The sink takes something at a time: the copy waits for it, with a pipe or
				// without.
				seen, rest := 0, int64(much)
				for ; rest > 0 && seen < 1; rest -= 256 << 10 {
					if _, err := io.CopyN(io.Discard, r.sink, 256<<10); err != nil {
						t.Fatal(err)
					}
					seen = max(seen, newPipes(before))
				}
				if seen != tc.want {
					t.Errorf("%d pipes, want %d", seen, tc.want)
				}
				if _, err := io.CopyN(io.Discard, r.sink, rest); err != nil {
					t.Fatal(err)
				}
				<-written
				mustWrite(t, r.client, "a little")
				eventually(t, "the pipe to be closed", func() bool { return newPipes(before) == 0 })
				r.client.Close()
				check(t, <-done)
				r.out.Close()
			})
		})
	}
}

// copyFile copies a file, which asks for raw access to the connection, and does not use it.
func copyFile(r *relay) error {
	f, err := os.CreateTemp("", "u")
	if err != nil {
		return err
	}
	defer f.Close()
	defer os.Remove(f.Name())
	_, err = io.Copy(r.out, f)
	return err
}

// showDescriptor gives somebody raw access, who may have kept the descriptor.
func showDescriptor(c stream) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(uintptr) {})
}

// takeOverIn replaces the reading end by one that somebody else has made.
func takeOverIn(r *relay) error {
	f, err := r.in.File()
	if err != nil {
		return err
	}
	defer f.Close()
	in, err := uringnet.FileConn(f)
	if err != nil {
		return err
	}
	r.in.Close()
	r.in = in.(stream)
	return nil
}

// A sink to which somebody gets raw access while a copy waits for it gets the rest all the same.
func TestSpliceThenRawAccess(t *testing.T) {
	eachRelay(t, func(t *testing.T, from, to string) {
		r := newRelay(t, onRing, from, to)
		content := make([]byte, 16<<20)
		pattern(25).Read(content)
		go func() {
			r.client.Write(content)
			r.client.CloseWrite()
		}()
		copying := parked(t, func() error { _, err := io.Copy(r.out, r.in); return err })
		check(t, showDescriptor(r.out))
		all := readAll(r.sink)
		check(t, <-copying)
		check(t, r.out.CloseWrite())
		if got := <-all; !bytes.Equal(got, content) {
			t.Errorf("%d bytes arrive, want %d; or their content is wrong", len(got), len(content))
		}
	})
}

// An urgent byte, which splice does not go past, does not stop a copy.
func TestSpliceGoesPastUrgentByte(t *testing.T) {
	needSockets(t) // package net hangs there
	begin(t)
	r := newRelay(t, onRing, "tcp", "tcp")
	content := make([]byte, 1<<20)
	pattern(26).Read(content)
	go func() {
		r.client.Write(content)
		rc, err := r.client.SyscallConn()
		if err != nil {
			panic(err)
		}
		rc.Write(func(fd uintptr) bool {
			return syscall.Sendto(int(fd), []byte{'!'}, syscall.MSG_OOB, nil) != syscall.EAGAIN
		})
		r.client.Write(content)
	}()
	go io.Copy(r.out, r.in)
	got := make([]byte, 2*len(content))
	if _, err := io.ReadFull(r.sink, got); err != nil || !bytes.Equal(got, append(content, content...)) {
		t.Errorf("what arrives is wrong; %v", err)
	}
	r.in.Close()
}
