package apitest

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"

	"github.com/uringnet/uringnet/internal/testutil"
)

// TestThreadsThatExit: a goroutine that is locked to its thread and ends takes the thread with it,
// and Linux cancels what that thread has submitted to a ring. It must take along no operation of
// anyone else, however many of them were submitted together.
func TestThreadsThatExit(t *testing.T) {
	begin(t)
	messages, stop := load(t, 16)
	l := listen(t, onRing, "tcp")
	for range size(100, 20) {
		a, d := connect(t, l, onRing)
		onDyingThread(t, func() error {
			for range 5 {
				mustWrite(t, d, "ping")
				mustRead(t, a, "ping")
			}
			return nil
		})
		// What a dead thread may have left armed belongs to the connection, not to the thread.
		onDyingThread(t, func() error {
			check(t, a.SetReadDeadline(soon()))
			if n, err := a.Read(make([]byte, 16)); n != 0 || !isTimeout(err) {
				return fmt.Errorf("Read = %d, %v", n, err)
			}
			return a.SetReadDeadline(never)
		})
		mustWrite(t, d, "pong")
		mustRead(t, a, "pong")
		check(t, a.Close())
		mustEOF(t, d)
		check(t, d.Close())
		before := messages.Load()
		eventually(t, "traffic", func() bool { return messages.Load() > before+20 })
	}
	stop()
}

// TestAcceptOnThreadThatExits: an accept that serves more than one connection outlives the thread
// that armed it, or is armed anew.
func TestAcceptOnThreadThatExits(t *testing.T) {
	begin(t)
	for _, network := range []string{"tcp", "unix"} {
		l := listen(t, onRing, network)
		for range size(50, 10) {
			onDyingThread(t, func() error {
				a, d := connect(t, l, onNet)
				a.Close()
				return d.Close()
			})
			a, d := connect(t, l, onRing)
			mustWrite(t, a, "ping")
			mustRead(t, d, "ping")
			a.Close()
			d.Close()
		}
	}
}

// TestBlockedAcrossThreadExit has goroutines blocked in Read and Accept while the thread that the
// call began on is gone. The goroutine that is locked starts them with whatever it has staged
// itself.
func TestBlockedAcrossThreadExit(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	for range size(100, 20) {
		a, d := connect(t, l, onRing)
		var read <-chan ioResult
		var accept <-chan error
		buf := make([]byte, 4)
		onDyingThread(t, func() error {
			read = parked(t, func() ioResult { return result(a.Read(buf)) })
			accept = parked(t, func() error {
				c, err := l.Accept()
				if err == nil {
					c.Close()
				}
				return err
			})
			return nil
		})
		mustWrite(t, d, "ping")
		if r := <-read; r.n != 4 || r.err != nil || string(buf) != "ping" {
			t.Fatalf("Read = %d, %v", r.n, r.err)
		}
		c := dialTo(t, l.Addr().String())
		check(t, <-accept)
		c.Close()
		a.Close()
		d.Close()
	}
}

// onDyingThread runs f on a thread of its own and returns when that thread has exited.
func onDyingThread(t *testing.T, f func() error) {
	t.Helper()
	tid := make(chan int, 1)
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and no unlock
		var err error
		defer func() { done <- err }() // also if f ends the test
		tid <- syscall.Gettid()
		err = f()
	}()
	check(t, <-done)
	testutil.AwaitThreadEnd(t, <-tid)
}
