//go:build linux

package file

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	stdsync "sync"
	"sync/atomic"
	"testing"

	"github.com/uringnet/uringnet/internal/testutil"
)

// atOnce runs f in some goroutines and returns when all are over.
func atOnce(n int, f func(i int)) {
	var all stdsync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

// chilling drives the file out of memory again and again, if that is the way, until the function
// that it returns is called.
func chilling(w way, name string) (end func()) {
	if w == asItIs {
		return func() {}
	}
	var stop atomic.Bool
	var over stdsync.WaitGroup
	over.Go(func() {
		for !stop.Load() {
			chill(name)
		}
	})
	return func() { stop.Store(true); over.Wait() }
}

// numbered is a file of 64-bit words that count.
func numbered(t *testing.T, words int) string {
	t.Helper()
	data := make([]byte, 8*words)
	for i := range words {
		binary.NativeEndian.PutUint64(data[8*i:], uint64(i))
	}
	name := filepath.Join(t.TempDir(), "numbered")
	must(os.WriteFile(name, data, 0o600))
	return name
}

// Goroutines that read from one File share its bytes: no byte comes twice, and none is lost.
func TestConcurrentRead(t *testing.T) {
	inEachWay(t, func(t *testing.T, w way) {
		const words = 1 << 16
		name := numbered(t, words)
		f := openIn(t, w, name, os.O_RDONLY)
		defer chilling(w, name)()
		var seen [words]atomic.Int32
		atOnce(8, func(i int) {
			r := rand.New(rand.NewPCG(uint64(i), 4))
			for {
				p := make([]byte, 8*(1+r.IntN(2000)))
				n, err := f.Read(p)
				if err == io.EOF && n == 0 {
					return
				}
				if err != nil || n == 0 || n%8 != 0 {
					t.Errorf("%d, %v", n, err)
					return
				}
				for q := p[:n]; len(q) > 0; q = q[8:] {
					seen[binary.NativeEndian.Uint64(q)].Add(1)
				}
			}
		})
		for i := range seen {
			if n := seen[i].Load(); n != 1 {
				t.Fatalf("word %d was read %d times", i, n)
			}
		}
	})
}

// Goroutines that append by one File, or write where its offset is, do not overwrite each other.
func TestConcurrentWrite(t *testing.T) {
	for _, flag := range []int{0, os.O_APPEND} {
		inEachWay(t, func(t *testing.T, w way) {
			const each, writers = 200, 8
			name := filepath.Join(t.TempDir(), "file")
			f := openIn(t, w, name, os.O_WRONLY|os.O_CREATE|flag)
			atOnce(writers, func(i int) {
				for range each {
					if n, err := f.Write(bytes.Repeat([]byte{byte(i)}, 100)); n != 100 || err != nil {
						t.Errorf("%d, %v", n, err)
					}
				}
			})
			data, err := os.ReadFile(name)
			must(err)
			var records [writers]int
			for ; len(data) >= 100; data = data[100:] {
				if bytes.Count(data[:100], data[:1]) != 100 {
					t.Fatal("two records are mixed")
				}
				records[data[0]]++
			}
			for i, n := range records {
				if n != each {
					t.Errorf("writer %d has %d records of %d", i, n, each)
				}
			}
		})
	}
}

// writeAndRead has goroutines write to regions of their own, and read them.
func writeAndRead(t *testing.T, w way, rounds int) {
	const region, count = 64 << 10, 8
	name := filepath.Join(t.TempDir(), "file")
	f := openIn(t, w, name, os.O_RDWR|os.O_CREATE)
	must(f.Truncate(region * count))
	defer chilling(w, name)()
	model := make([]byte, region*count)
	atOnce(count, func(i int) {
		r := rand.New(rand.NewPCG(uint64(i), 5))
		mine := model[i*region:][:region]
		for k := range rounds {
			at := r.IntN(region - 1)
			p := make([]byte, 1+r.IntN(min(region-at-1, 20_000)+1))
			p = p[:min(len(p), region-at)]
			for j := range p {
				p[j] = byte(k + i + j)
			}
			n, err := f.WriteAt(p, int64(i*region+at))
			copy(mine[at:], p[:n])
			if err != nil || n != len(p) {
				t.Errorf("WriteAt: %d, %v", n, err)
			}
			got := make([]byte, region)
			if n, err := f.ReadAt(got, int64(i*region)); err != nil || n != region || !bytes.Equal(got, mine) {
				t.Errorf("ReadAt: %d, %v, what was written: %v", n, err, bytes.Equal(got, mine))
				return
			}
		}
	})
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, model) {
		t.Errorf("the file is not what was written: %d bytes, %v", len(got), err)
	}
}

func TestConcurrentReadAtWriteAt(t *testing.T) {
	inEachWay(t, func(t *testing.T, w way) { writeAndRead(t, w, 100) })
}

// The number of Ps may change at any time.
func TestProcsChange(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	inEachWay(t, func(t *testing.T, w way) {
		var stop atomic.Bool
		var over stdsync.WaitGroup
		over.Go(func() {
			for n := 0; !stop.Load(); n++ {
				runtime.GOMAXPROCS(1 + n%5)
				runtime.Gosched()
			}
		})
		writeAndRead(t, w, 30)
		stop.Store(true)
		over.Wait()
	})
}

// The collector may run at any time: what a request names stays where it is.
func TestGarbageCollection(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	inEachWay(t, func(t *testing.T, w way) { writeAndRead(t, w, 30) })
}

// A file may be cut while it is read. What is read was there, or are the zeros of a hole.
func TestTruncatedWhileRead(t *testing.T) {
	inEachWay(t, func(t *testing.T, w way) {
		const size = 300_000
		name := filepath.Join(t.TempDir(), "file")
		data := pattern(size, 1)
		must(os.WriteFile(name, data, 0o600))
		f := openIn(t, w, name, os.O_RDWR)
		end := chilling(w, name)
		atOnce(9, func(i int) {
			r := rand.New(rand.NewPCG(uint64(i), 6))
			for range 200 {
				at := r.IntN(size)
				if i == 0 { // this one cuts
					must(f.Truncate(int64(at)))
					must(f.Truncate(size))
					_, err := f.WriteAt(data[at:], int64(at))
					must(err)
					continue
				}
				p := make([]byte, 1+r.IntN(size-at))
				n, err := f.ReadAt(p, int64(at))
				if err != nil && err != io.EOF || err == nil && n < len(p) {
					t.Errorf("%d of %d, %v", n, len(p), err)
				}
				for j, b := range p[:n] {
					if b != 0 && b != data[at+j] {
						t.Errorf("byte %d is %#x, want %#x or 0", at+j, b, data[at+j])
						return
					}
				}
			}
		})
		end()
		must(f.Truncate(1000))
		if n, err := f.ReadAt(make([]byte, 2000), 0); n != 1000 || err != io.EOF {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := f.ReadAt(make([]byte, 2000), 1000); n != 0 || err != io.EOF {
			t.Errorf("%d, %v", n, err)
		}
	})
}

// Reads that are under way when Close is called come to their end, and the last one closes the
// descriptor.
func TestCloseWhileReading(t *testing.T) {
	inEachWay(t, func(t *testing.T, w way) {
		const size = 200_000
		name := filepath.Join(t.TempDir(), "file")
		must(os.WriteFile(name, pattern(size, 1), 0o600))
		for range 30 {
			f := openIn(t, w, name, os.O_RDONLY)
			atOnce(8, func(i int) {
				if i == 0 {
					if err := f.Close(); err != nil {
						t.Error(err)
					}
					return
				}
				p := make([]byte, size)
				n, err := f.ReadAt(p, 0)
				switch {
				case err == nil && n == size && bytes.Equal(p, pattern(size, 1)):
				case n == 0 && errors.Is(err, os.ErrClosed):
				default:
					t.Errorf("%d, %v", n, err)
				}
			})
			for fd := range testutil.OpenFDs() {
				if bytes.HasSuffix([]byte(fd), []byte(" "+name)) {
					t.Errorf("descriptor %s is open", fd)
				}
			}
		}
	})
}
