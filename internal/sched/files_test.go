//go:build linux

package sched

import (
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/testutil"
)

// newTestDisk makes a disk of its own for a test, which lets the kernel hold so many requests. Its
// goroutine stays.
func newTestDisk(t *testing.T, depth int) *Disk {
	t.Helper()
	needRings(t)
	d := new(Disk)
	outside.Spawn(d.begin)
	testutil.Eventually(t, "the disk to wait", func() bool { return d.is(diskWaiting) })
	d.mu.Lock()
	d.depth = depth
	d.mu.Unlock()
	return d
}

func (d *Disk) is(state diskState) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state == state
}

// lengths are how many requests wait for the disk, and how many the kernel holds.
func (d *Disk) lengths() (queued, held int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.queue.length, d.held.inFlight()
}

// slowPipe returns the ends of a pipe, where a read waits as long as the test wants. Only the
// requests matter here, and not what the descriptors are.
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

var cancelled = fileResult{0, syscall.ECANCELED}

// begin makes a request, and returns when it is in a state.
func (r *FileRequest) begin(t *testing.T, d *Disk, fd int, state uint32) (done <-chan fileResult) {
	t.Helper()
	_, done = testutil.Go(func() fileResult {
		n, errno := r.Read(d, fd, make([]byte, 10), 0)
		return fileResult{n, errno}
	})
	testutil.Eventually(t, "the request to be "+requestStateNames[state], func() bool { return r.state.Load() == state })
	return done
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

// withoutDisks is the state of a process that has read no file.
func withoutDisks(t *testing.T) {
	all := disks.all.Swap(nil)
	t.Cleanup(func() {
		disks.all.Store(all)
		disks.nextTry.Store(0)
	})
}

// Each device has a disk, which is made once, however many goroutines ask. Devices beyond maxDisks
// share them.
func TestDiskOf(t *testing.T) {
	needRings(t)
	withoutDisks(t)
	before := rings()
	r, w := slowPipe(t)
	unix.Write(w, make([]byte, 10*20*20))
	var all sync.WaitGroup
	for i := range 20 {
		for range 20 {
			all.Go(func() {
				if n, errno := new(FileRequest).Read(DiskOf(uint64(i)), r, make([]byte, 10), 0); n != 10 || errno != 0 {
					t.Errorf("%d, %v", n, errno)
				}
			})
		}
	}
	all.Wait()
	if n := len(allDisks()); n != maxDisks || rings()-before != maxDisks {
		t.Errorf("%d disks, %d rings, want %d", n, rings()-before, maxDisks)
	}
	for _, d := range allDisks() {
		if DiskOf(d.device) != d {
			t.Errorf("device %d has another disk", d.device)
		}
	}
}

// Where no ring can be had requests are refused, and there is no disk for a while.
func TestNoDisk(t *testing.T) {
	withoutDisks(t)
	r, _ := slowPipe(t)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	d := DiskOf(1)
	req := new(FileRequest)
	for range 2 {
		if n, errno := req.Read(d, r, make([]byte, 10), 0); (fileResult{n, errno}) != cancelled {
			t.Errorf("%d, %v", n, errno)
		}
	}
	if DiskOf(1) != nil || DiskOf(2) != nil {
		t.Error("there is a disk")
	}
}

// An interruption takes back what is queued. What the kernel holds comes to its end.
func TestInterruptFileRequest(t *testing.T) {
	d := newTestDisk(t, 1)
	r, w := slowPipe(t)

	held := new(FileRequest)
	held.Interrupt()
	if n, errno := held.Read(d, r, make([]byte, 10), 0); (fileResult{n, errno}) != cancelled || !held.Interrupted() {
		t.Errorf("interrupted before: %d, %v", n, errno)
	}
	held.Reset()
	heldDone := held.begin(t, d, r, requestHeld)

	queued, next := new(FileRequest), new(FileRequest)
	queuedDone := queued.begin(t, d, r, requestQueued)
	nextDone := next.begin(t, d, r, requestQueued)
	queued.Interrupt()
	if got := <-queuedDone; got != cancelled {
		t.Errorf("interrupted in the queue: %+v", got)
	}
	held.Interrupt()
	unix.Write(w, []byte("bytes"))
	if got := <-heldDone; got != (fileResult{5, 0}) {
		t.Errorf("interrupted while the kernel held it: %+v", got)
	}
	unix.Write(w, []byte("more"))
	if got := <-nextDone; got != (fileResult{4, 0}) {
		t.Errorf("the next one: %+v", got)
	}
	queued.Interrupt() // after it: there is nothing to take back
	queued.Reset()
	unix.Write(w, []byte("end"))
	if got := <-queued.begin(t, d, r, requestIdle); got != (fileResult{3, 0}) {
		t.Errorf("used again: %+v", got)
	}
}

// Interruptions that race with the end of a request leave nothing behind.
func TestInterruptRaces(t *testing.T) {
	d := newTestDisk(t, 2)
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
			for range 500 {
				var interrupter sync.WaitGroup
				interrupter.Go(req.Interrupt)
				n, errno := req.Read(d, fd, p, 3)
				interrupter.Wait()
				if (fileResult{n, errno}) != cancelled && (n != 7 || errno != 0) {
					t.Errorf("%d, %v", n, errno)
				}
				req.Reset()
				if n, errno := req.Read(d, fd, p, 0); n != 10 || errno != 0 || string(p) != "0123456789" {
					t.Errorf("without an interruption: %d, %v, %q", n, errno, p)
				}
			}
		})
	}
	all.Wait()
	if queued, held := d.lengths(); queued != 0 || held != 0 {
		t.Errorf("%d requests are queued, the kernel holds %d", queued, held)
	}
}

// The kernel holds so many requests at most; the others follow as it ends some.
func TestDiskDepth(t *testing.T) {
	const depth, count = 3, 10
	d := newTestDisk(t, depth)
	r, w := slowPipe(t)
	var done []<-chan fileResult
	for i := range count {
		state := requestHeld
		if i >= depth {
			state = requestQueued
		}
		done = append(done, new(FileRequest).begin(t, d, r, state))
	}
	if queued, held := d.lengths(); queued != count-depth || held != depth {
		t.Errorf("%d requests are queued, the kernel holds %d", queued, held)
	}
	unix.Write(w, make([]byte, 10*count))
	for _, done := range done {
		if got := <-done; got != (fileResult{10, 0}) {
			t.Errorf("%+v", got)
		}
	}
}

// An entry that is made twice, or ends twice, is a mistake of ours.
func TestIllegalFileRequest(t *testing.T) {
	defer func() {
		if s, _ := recover().(string); !strings.Contains(s, "it is held by the kernel") {
			t.Errorf("panics with %q", s)
		}
	}()
	r := new(FileRequest)
	r.state.Store(requestHeld)
	r.become(requestQueued, requestIdle)
}

// A device beyond maxDisks is read by a disk that has little to do, and not by one that hangs.
func TestDisksAreShared(t *testing.T) {
	needRings(t)
	withoutDisks(t)
	r, _ := slowPipe(t)
	for i := range maxDisks {
		new(FileRequest).begin(t, DiskOf(uint64(i)), r, requestHeld)
	}
	busy := DiskOf(3)
	for range 20 {
		new(FileRequest).begin(t, busy, r, requestHeld)
	}
	for i := range 30 {
		if d := DiskOf(uint64(maxDisks + i)); d == busy {
			t.Fatalf("device %d is read by the disk that hangs", maxDisks+i)
		}
	}
}
