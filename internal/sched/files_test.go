//go:build linux

package sched

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/uringnet/uringnet/internal/ring"
	"github.com/uringnet/uringnet/internal/testutil"
	"golang.org/x/sys/unix"
)

// needFileRing makes the ring for files.
func needFileRing(t *testing.T) {
	t.Helper()
	needRings(t)
	testutil.Eventually(t, "a ring for files", EnsureFileRing)
}

// slowPipe returns the ends of a pipe, where a read waits as long as the test wants, and can be
// cancelled. Only the requests matter here, and not what the descriptors are.
func slowPipe(t *testing.T) (r, w int) {
	t.Helper()
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fds[0]); unix.Close(fds[1]) })
	return fds[0], fds[1]
}

// fileResult is what a request came to.
type fileResult struct {
	n     int
	errno syscall.Errno
}

func (r *FileRequest) beginRead(fd int, p []byte) (id string, done <-chan fileResult) {
	return testutil.Go(func() fileResult {
		n, errno := r.Read(fd, p, -1)
		return fileResult{n, errno}
	})
}

func awaitInFlight(t *testing.T, r *FileRequest) {
	t.Helper()
	testutil.Eventually(t, "the request to be in flight", func() bool {
		files.mu.Lock()
		defer files.mu.Unlock()
		return r.op.InFlight() && files.ring().SQ.Staged() == 0 && files.ring().SQ.Unconsumed() == 0
	})
}

// rings counts the rings of the process.
func rings() (n int) {
	for fd := range testutil.OpenFDs() {
		if strings.HasSuffix(fd, "anon_inode:[io_uring]") {
			n++
		}
	}
	return n
}

// However many goroutines ask, one ring is made.
func TestFileRingIsMadeOnce(t *testing.T) {
	needRings(t)
	defer func(was *worker) { files = was }(files)
	files = newFiles()
	before := rings()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { EnsureFileRing() })
	}
	all.Wait()
	if n := rings() - before; !EnsureFileRing() || n != 1 {
		t.Errorf("%d rings were made", n)
	}
}

// Where no ring can be had there is none.
func TestNoFileRing(t *testing.T) {
	defer func(was *worker) { files = was }(files)
	files = newFiles()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if EnsureFileRing() {
			t.Fatal("there is a ring")
		}
	}
}

// An interruption before the request, during it and after it.
func TestInterruptFileRequest(t *testing.T) {
	needFileRing(t)
	r, w := slowPipe(t)
	for _, worker := range []bool{false, true} {
		req := &FileRequest{InWorker: worker}

		req.Interrupt()
		if n, errno := req.Read(r, make([]byte, 10), -1); errno != syscall.ECANCELED && errno != syscall.EINTR {
			t.Errorf("interrupted before: %d, %v", n, errno)
		}
		if !req.Interrupted() {
			t.Error("the interruption is forgotten")
		}

		req.Reset()
		_, done := req.beginRead(r, make([]byte, 10))
		awaitInFlight(t, req)
		req.Interrupt()
		if got := <-done; got.errno != syscall.ECANCELED && got.errno != syscall.EINTR {
			t.Errorf("interrupted during it: %+v", got)
		}

		req.Reset()
		_, done = req.beginRead(r, make([]byte, 10))
		unix.Write(w, []byte("bytes"))
		if got := <-done; got.n != 5 || got.errno != 0 || req.Interrupted() {
			t.Errorf("without an interruption: %+v", got)
		}
		req.Interrupt() // after it: there is nothing to cancel
		req.Reset()
		_, done = req.beginRead(r, make([]byte, 10))
		unix.Write(w, []byte("more"))
		if got := <-done; got.n != 4 || got.errno != 0 {
			t.Errorf("interrupted after the last one: %+v", got)
		}
	}
}

// Interruptions that race with the end of a request leave nothing behind.
func TestInterruptRaces(t *testing.T) {
	needFileRing(t)
	name := t.TempDir() + "/file"
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd := int(f.Fd())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			req, p := new(FileRequest), make([]byte, 10)
			for i := range 500 {
				req.InWorker = i%2 == 0
				var interrupter sync.WaitGroup
				interrupter.Go(req.Interrupt)
				n, errno := req.Read(fd, p, 3)
				interrupter.Wait()
				if cancelled := errno == syscall.ECANCELED || errno == syscall.EINTR; !cancelled && (n != 7 || errno != 0) {
					t.Errorf("%d, %v", n, errno)
				}
				req.Reset()
				if n, errno := req.Read(fd, p, 0); n != 10 || errno != 0 || string(p) != "0123456789" {
					t.Errorf("without an interruption: %d, %v, %q", n, errno, p)
				}
			}
		})
	}
	all.Wait()
	if n := FileStats().InFlight; n != 0 {
		t.Errorf("%d requests are in flight", n)
	}
}

// The kernel cancels what a thread has submitted that ends. The request says so, and does not hang.
func TestFileRequestOutlivesThread(t *testing.T) {
	needFileRing(t)
	r, w := slowPipe(t)
	req := new(FileRequest)
	tids := make(chan int)
	done := make(chan fileResult, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		tids <- unix.Gettid()
		sqe := req.start(make([]byte, 10))
		ring.PrepRead(sqe, int32(r), req.op.mem, ring.AtFilePosition)
		files.submit(&req.op, sqe)
		go func() {
			for !req.op.Done() {
				req.fut.Wait()
			}
			result := req.op.Take()
			done <- fileResult{result.N, result.Errno}
		}()
	}()
	testutil.AwaitThreadEnd(t, <-tids)
	unix.Write(w, []byte("bytes"))
	// The entry may have been submitted by the thread of a completer or flusher that was awake.
	if got := <-done; got.errno != syscall.ECANCELED && got != (fileResult{5, 0}) {
		t.Errorf("%+v", got)
	}
	if state := req.op.state.Load(); state != opIdle {
		t.Errorf("the request is %s", opStateNames[state])
	}
}
