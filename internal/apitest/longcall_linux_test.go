package apitest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A thread inside a system call that cannot be interrupted, such as a long write, does nothing else
// for the kernel until it returns. Here its end is the test's to decide: the thread is in a
// read(2), and stopped there by a debugger.

// longCallScene is an operation that waits, and what lets it end without an error.
type longCallScene struct{ operation, trigger func() error }

var longCallScenes = map[string]func(w world) (longCallScene, error){
	"Accept":           acceptScene(func(l net.Listener) error { return dialAndDrop(l.Addr()) }, nil),
	"Accept, deadline": acceptScene(setSoon, os.ErrDeadlineExceeded),
	"Accept, Close":    acceptScene(net.Listener.Close, net.ErrClosed),
	"Dial, cancelled":  dialScene(false, context.Canceled),
	"Dial, timeout":    dialScene(true, os.ErrDeadlineExceeded),
	"Read":             readScene(func(_, peer net.Conn) error { return sendByte(peer) }, nil),
	"Read, deadline":   readScene(func(c, _ net.Conn) error { return c.SetReadDeadline(soon()) }, os.ErrDeadlineExceeded),
	"Read, Close":      readScene(func(c, _ net.Conn) error { return c.Close() }, net.ErrClosed),
	"Write":            writeScene(func(_, peer net.Conn) error { return drain(peer) }, nil),
	"Write, deadline":  writeScene(func(c, _ net.Conn) error { return c.SetWriteDeadline(soon()) }, os.ErrDeadlineExceeded),
	"Write, Close":     writeScene(func(c, _ net.Conn) error { return c.Close() }, net.ErrClosed),
}

// TestBesideLongCall guards that operations, deadlines and Close do not wait for a thread that is
// inside a long system call, although it was the one that began the operation.
func TestBesideLongCall(t *testing.T) {
	chosen := eachMode(t)[:3] // what is asked to wait on rings does depend on the threads
	if testing.Short() {
		chosen = chosen[1:] // package net only shows that the test is right
	}
	for _, m := range chosen {
		for scene := range longCallScenes {
			t.Run(m.name+"/"+scene, func(t *testing.T) {
				begin(t)
				besideLongCall(t, append(slices.Clone(m.env), sceneEnv+"="+scene, "GOMAXPROCS=1"))
			})
		}
	}
}

func besideLongCall(t *testing.T, env []string) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd := childCommand(ctx, t, "longcall", env...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	defer endChild(cmd, cancel)
	lines := make(chan string)
	go func() {
		defer close(lines)
		for r := bufio.NewScanner(stdout); r.Scan(); {
			lines <- r.Text()
		}
	}()
	defer func() { // also if the test fails
		cancel()
		for range lines {
		}
	}()
	tid, err := strconv.Atoi(<-lines)
	check(t, err)
	release := holdThread(t, cmd.Process.Pid, tid)
	defer release()
	if _, err := io.WriteString(stdin, "go\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case line := <-lines:
		if line != "done" {
			t.Errorf("the child says %q", line)
		}
	case <-time.After(lostAfter):
		t.Errorf("nothing happens within %v, while a thread is in a long call", lostAfter)
	}
}

// holdThread waits until the thread is in a read(2), and stops it there until it is released.
func holdThread(t *testing.T, pid, tid int) (release func()) {
	t.Helper()
	call := fmt.Sprintf("/proc/%d/task/%d/syscall", pid, tid)
	eventually(t, "the thread to enter its call", func() bool {
		b, err := os.ReadFile(call)
		if errors.Is(err, os.ErrPermission) {
			t.Skip("threads may not be looked at here: ", err)
		}
		check(t, err)
		number, _, _ := strings.Cut(string(b), " ")
		return number == strconv.Itoa(unix.SYS_READ)
	})
	held, over, ended := make(chan error), make(chan bool), make(chan bool)
	go func() {
		runtime.LockOSThread() // a debugger is a thread; this one ends with the goroutine
		defer close(ended)
		err := unix.PtraceSeize(tid)
		if err == nil {
			err = unix.PtraceInterrupt(tid)
		}
		if err == nil {
			_, err = unix.Wait4(tid, nil, unix.WALL, nil)
		}
		held <- err
		<-over
		unix.PtraceDetach(tid)
	}()
	release = func() { close(over); <-ended }
	if err := <-held; err != nil {
		release()
		if errors.Is(err, unix.EPERM) {
			t.Skip("threads may not be stopped here: ", err)
		}
		t.Fatal(err)
	}
	return release
}

func init() { children["longcall"] = longCallChild }

// longCallChild begins an operation, and enters a read(2) that never ends on the thread that it
// began on.
func longCallChild() error {
	w, scene := childWorld(), longCallScenes[os.Getenv(sceneEnv)]
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	for range 1000 {
		s, err := scene(w)
		if err != nil {
			return err
		}
		began := make(chan int, 1)
		ended, err := parkedTask(func() error {
			began <- unix.Gettid()
			return s.operation()
		})
		if err != nil {
			return err
		}
		if len(ended) > 0 {
			return fmt.Errorf("the operation does not wait: %w", <-ended)
		}
		runtime.LockOSThread() // to write may move a goroutine to another thread
		if unix.Gettid() != <-began {
			runtime.UnlockOSThread()
			continue
		}
		go func() {
			_, err := io.ReadFull(os.Stdin, make([]byte, 3))
			if err = errors.Join(err, s.trigger(), <-ended); err != nil {
				fmt.Println(err)
			} else {
				fmt.Println("done")
			}
		}()
		fmt.Println(unix.Gettid())
		_, err = unix.Read(pipe[0], make([]byte, 1))
		return err
	}
	return errors.New("the operation was always begun on another thread")
}
