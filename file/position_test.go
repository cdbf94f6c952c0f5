//go:build linux

package file

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"testing"

	"github.com/uringnet/uringnet/internal/sched"
	"github.com/uringnet/uringnet/internal/testutil"
)

// A Read beside a Seek comes before it or after it: it reads, and leaves the offset, at one place.
func TestReadBesideSeek(t *testing.T) {
	inEachWay(t, func(t *testing.T, w way) {
		const page, target = 4096, 100 * 4096
		name := numbered(t, 2*target/8)
		for range 300 {
			f := openIn(t, w, name, os.O_RDONLY)
			buf := make([]byte, page)
			var both stdsync.WaitGroup
			var over atomic.Bool
			both.Go(func() {
				defer over.Store(true)
				n, err := f.Read(buf)
				if n != page || err != nil {
					t.Errorf("Read: %d, %v", n, err)
				}
			})
			both.Go(func() {
				for sched.ReadFileStats().InFlight == 0 && !over.Load() && w == byRequests {
					runtime.Gosched() // until the Read is under way
				}
				_, err := f.Seek(target, 0)
				must(err)
			})
			both.Wait()
			at, err := f.Seek(0, 1)
			must(err)
			from := int64(binary.NativeEndian.Uint64(buf)) * 8
			if !(from == 0 && at == target) && !(from == target && at == target+page) {
				t.Fatalf("read from offset %d, the offset is %d then", from, at)
			}
			f.Close()
		}
	})
}

// A large read is several requests: the others of its disk need not wait for all of it.
func TestLargeRead(t *testing.T) {
	needRing(t)
	forbidPlainReads(t)
	if !goesCold(t) {
		t.Skip("nothing can be driven out of memory here")
	}
	defer func(was int32) { mostTries = was }(mostTries)
	mostTries = 0
	// The end is a hole, so that what is left to read is never surely in memory.
	const size = 5 * maxRequest
	name := filepath.Join(t.TempDir(), "file")
	data := append(bytes.Repeat(pattern(1<<18, 1), 4*maxRequest>>18), make([]byte, maxRequest)...)
	must(os.WriteFile(name, data[:4*maxRequest], 0o600))
	must(os.Truncate(name, size))
	f := openIn(t, asItIs, name, os.O_RDONLY)
	before := sched.ReadFileStats().Submissions
	got := make([]byte, size)
	if n, err := f.ReadAt(got, 0); n != size || err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d, %v", n, err)
	}
	if n := sched.ReadFileStats().Submissions - before; n < size/maxRequest {
		t.Errorf("%d requests", n)
	}
}

// What was written before what is read is known to the race detector, as with package os.
func TestHappensBefore(t *testing.T) {
	inEachWay(t, func(t *testing.T, w way) {
		name := filepath.Join(t.TempDir(), "file")
		must(os.WriteFile(name, make([]byte, 1), 0o600))
		writer, reader := openIn(t, asItIs, name, os.O_WRONLY), openIn(t, asItIs, name, os.O_RDONLY)
		var shared int
		go func() {
			shared = 42
			_, err := writer.WriteAt([]byte{1}, 0)
			must(err)
		}()
		buf := make([]byte, 1)
		for buf[0] == 0 {
			if w != asItIs {
				chill(name)
			}
			_, err := reader.ReadAt(buf, 0)
			must(err)
		}
		if shared != 42 {
			t.Error(shared)
		}
	})
}

// Raw access keeps other Reads out, and may seek meanwhile, as with package os.
func TestSeekInRawAccess(t *testing.T) {
	f := openIn(t, asItIs, numbered(t, 1000), os.O_RDONLY)
	raw, err := f.SyscallConn()
	must(err)
	var read <-chan error
	done := make(chan error, 1)
	go func() {
		done <- raw.Read(func(uintptr) bool {
			var id string
			id, read = testutil.Go(func() error { _, err := f.Read(make([]byte, 8)); return err })
			testutil.Poll(func() bool {
				return slices.ContainsFunc(testutil.Goroutines(), func(g testutil.Goroutine) bool {
					return g.ID == id && strings.Contains(g.Stack, "(*fdMutex).rwlock") && g.State != "running"
				})
			})
			_, err := f.Seek(0, 0)
			must(err)
			return true
		})
	}()
	if !testutil.Poll(func() bool { return len(done) == 1 }) {
		t.Fatal("the Seek waits for a Read that waits for the raw access")
	}
	must(<-done)
	if err := <-read; err != nil {
		t.Error(err)
	}
}
