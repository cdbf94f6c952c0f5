//go:build linux

package sched

import (
	"fmt"
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

func TestMain(m *testing.M) {
	if !Linked {
		fmt.Println("the runtime is out of reach: nothing of this package is used")
		return
	}
	if noRings = Start(); noRings != nil && !olderKernel() {
		panic(noRings)
	}
	os.Exit(m.Run())
}

// noRings is why this kernel can have no rings, or nil.
var noRings error

// olderKernel reports whether the kernel is older than the first one that has all that a ring
// needs. That it has no ring then is not for the code under test to say.
func olderKernel() bool {
	var major, minor int
	if n, _ := fmt.Sscanf(ring.KernelRelease(), "%d.%d", &major, &minor); n != 2 {
		return false
	}
	return major < 5 || major == 5 && minor < 19
}

func needRings(t *testing.T) {
	t.Helper()
	if noRings != nil {
		t.Skip(noRings)
	}
}

// testOp is an operation and the side of a socket that waits for it.
type testOp struct {
	Op
	desc PollDesc
}

func newOp() *testOp {
	o := new(testOp)
	o.desc.Init(-1)
	o.Init(&o.desc.In)
	return o
}

// await waits for the operation, which nobody interrupts.
func (o *testOp) await(t *testing.T) Result {
	t.Helper()
	if err := o.Await(&o.desc.In); err != nil {
		t.Fatal(err)
	}
	return o.Take()
}

// recv starts a receive on w.
func (o *testOp) recv(w *worker, fd int, buf []byte) {
	_, sqe := o.startOn(w, buf)
	ring.PrepRecv(sqe, int32(fd), buf, true)
	w.submit(&o.Op, sqe)
}

// nop starts an operation on w that completes at once.
func (o *testOp) nop(w *worker) {
	_, sqe := o.startOn(w, nil)
	ring.PrepNop(sqe)
	w.submit(&o.Op, sqe)
}

// onRing is a worker of the test's own that has a ring.
func onRing(t *testing.T) *worker {
	t.Helper()
	needRings(t)
	r, err := newRinged(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{patience: patience, started: true}
	w.ringed.Store(r)
	go w.flushing()
	go w.completer()
	return w
}

// ringHere is the worker of the caller's P, with a ring.
func ringHere(t *testing.T) *worker {
	t.Helper()
	needRings(t)
	w := current()
	for w.ensureRing(); !w.hasRing(); w.ensureRing() {
		if w.nextTry.Load() != 0 {
			t.Fatal("there is no ring to be had")
		}
		runtime.Gosched() // another goroutine makes one
	}
	return w
}

func socketPair(t *testing.T) (a, b int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fds[0]); unix.Close(fds[1]) })
	return fds[0], fds[1]
}

func write(t *testing.T, fd int, text string) {
	t.Helper()
	if n, err := unix.Write(fd, []byte(text)); n != len(text) {
		t.Error(n, err)
	}
}

func TestRecv(t *testing.T) {
	a, b := socketPair(t)
	ringHere(t)
	o := newOp()
	buf := make([]byte, 16)
	for range 1000 {
		o.Recv(b, buf)
		go write(t, a, "hello")
		if r := o.await(t); r.N != 5 || r.Errno != 0 || string(buf[:5]) != "hello" {
			t.Fatalf("%+v %q", r, buf[:5])
		}
	}
}

// staged returns a worker whose completer seems to be awake, so that what is submitted stays
// staged.
func staged(t *testing.T) *worker {
	w := onRing(t)
	// The completer parks first, and sets awake only when a completion comes.
	for w.counters.Parks.Load() == 0 {
		runtime.Gosched()
	}
	awaitParked(w)
	w.mu.Lock()
	w.awake = 1
	w.mu.Unlock()
	return w
}

func TestStagedIsWithdrawnWithoutSystemCall(t *testing.T) {
	_, b := socketPair(t)
	w := staged(t)
	buf := make([]byte, 1)
	ops := []*testOp{newOp(), newOp(), newOp()}
	for _, o := range ops {
		o.recv(w, b, buf)
	}
	for _, i := range []int{1, 2, 0} {
		ops[i].CancelAndAwait()
		if r := ops[i].Take(); r.Errno != syscall.ECANCELED {
			t.Fatalf("operation %d: %+v", i, r)
		}
	}
	if n := w.counters.Enters.Load(); n != 0 {
		t.Errorf("%d system calls", n)
	}
	if n := w.counters.Withdrawn.Load(); n != 3 {
		t.Errorf("%d withdrawn, want 3", n)
	}
	w.flush()
	if w.reap() != 0 || w.table.inFlight() != 0 || w.counters.Stale.Load() != 0 {
		t.Error("something of the withdrawn operations is left")
	}
}

// A completion of an earlier use of a slot must not reach the later owner.
func TestStaleCompletion(t *testing.T) {
	w := staged(t)
	first, second := newOp(), newOp()
	complete := func(userData uint64) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.finish(&ring.CQE{UserData: userData, Res: 7}, false)
	}
	first.nop(w)
	stale := first.userData
	complete(stale)
	first.Take()
	second.nop(w)
	if uint32(second.userData) != uint32(stale) {
		t.Fatalf("slot %d was not used again but %d", uint32(stale), uint32(second.userData))
	}
	complete(stale)
	if !second.InFlight() {
		t.Fatal("a stale completion completed another operation")
	}
	if n := w.counters.Stale.Load(); n != 1 {
		t.Errorf("stale %d, want 1", n)
	}
	complete(second.userData)
	if r := second.Take(); r.N != 7 {
		t.Errorf("%+v", r)
	}
}

func TestIllegalTransitionsPanic(t *testing.T) {
	_, b := socketPair(t)
	mustPanic := func(want string, f func()) {
		t.Helper()
		defer func() {
			t.Helper()
			if s, _ := recover().(string); !strings.Contains(s, want) {
				t.Errorf("panic %q, want %q in it", s, want)
			}
		}()
		f()
	}
	ringHere(t)
	o := newOp()
	mustPanic("idle", func() { o.Take() })
	o.Recv(b, make([]byte, 1))
	mustPanic("in flight", func() { o.Take() })
	mustPanic("in flight", func() { o.Recv(b, make([]byte, 1)) })
	o.CancelAndAwait()
	mustPanic("done", func() { o.Recv(b, make([]byte, 1)) })
	mustPanic("done", func() { o.complete(&ring.CQE{}) })
}

// More operations than the submission queue has entries, from many goroutines at once.
func TestMoreThanTheQueueHolds(t *testing.T) {
	const n = 9 * sqEntries
	a, b := socketPair(t)
	ringHere(t)
	ops := make([]*testOp, n)
	for i := range ops {
		ops[i] = newOp()
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := i; j < n; j += 8 {
				ops[j].Recv(b, make([]byte, 1))
			}
		})
	}
	wg.Wait()
	write(t, a, strings.Repeat("x", n))
	for _, o := range ops {
		if r := o.await(t); r.N != 1 {
			t.Fatalf("%+v", r)
		}
	}
}

// skipIfSQPoll ends a test that is about requests which belong to the thread that submits them.
func skipIfSQPoll(t *testing.T, why string) {
	t.Helper()
	if os.Getenv(sqpollName) != "" {
		t.Skipf("%s is set: %s", sqpollName, why)
	}
}

// When the thread that submitted a request has ended, the kernel completes it from a worker of its
// own, with ECANCELED when its event comes. The owner, which has not cancelled it, starts again,
// and nothing is lost.
func TestThreadEnds(t *testing.T) {
	skipIfSQPoll(t, "no request is lost with its thread")
	a, b := socketPair(t)
	w := onRing(t)
	orphaned := 0
	buf := make([]byte, 1)
	for i := range 50 {
		o := newOp()
		tid := make(chan int)
		go func() {
			runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
			awaitParked(w)         // then submit hands it over on this thread
			o.recv(w, b, buf)
			tid <- unix.Gettid()
		}()
		testutil.AwaitThreadEnd(t, <-tid)
		write(t, a, string([]byte{byte(i)}))
		r := o.await(t)
		if r.Errno == syscall.ECANCELED {
			orphaned++
			o.recv(w, b, buf)
			r = o.await(t)
		}
		if r.N != 1 || buf[0] != byte(i) {
			t.Fatalf("round %d: %+v, byte %d", i, r, buf[0])
		}
	}
	if orphaned < 40 {
		t.Errorf("%d of 50 requests outlived their thread", orphaned)
	}
}

func awaitParked(w *worker) {
	for parked := false; !parked; runtime.Gosched() {
		w.mu.Lock()
		parked = w.awake == 0
		w.mu.Unlock()
	}
}
