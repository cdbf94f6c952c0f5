package apitest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/testutil"
)

// lostAfter is how long a connection that nobody serves is waited for: nothing else decides.
const lostAfter = 10 * time.Second

// acceptor serves a listener in a goroutine of its own, and tells of each connection.
type acceptor struct {
	l    net.Listener
	id   string
	done <-chan error
}

func newAcceptor(t *testing.T, l net.Listener, served chan<- struct{}) *acceptor {
	t.Helper()
	a := &acceptor{l: l}
	a.id, a.done = testutil.Go(func() error {
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			c.Close()
			served <- struct{}{}
		}
	})
	a.wait(t)
	return a
}

// wait returns when the acceptor waits for a connection.
func (a *acceptor) wait(t *testing.T) {
	t.Helper()
	eventually(t, "Accept to wait", func() bool { return testutil.IsParked(a.id) })
}

// TestCloseOfSharedListener guards that a connection which comes while one of two listeners on a
// socket closes is served by the other one, as in a graceful restart.
func TestCloseOfSharedListener(t *testing.T) {
	for _, w := range worlds {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(w.name+"/"+network, func(t *testing.T) {
				begin(t)
				base := listen(t, onNet, network)
				if ul, ok := base.(*net.UnixListener); ok {
					ul.SetUnlinkOnClose(false)
				}
				f, err := base.(filer).File()
				check(t, err)
				defer f.Close()
				served := make(chan struct{}, 100)
				share := func() *acceptor {
					l, err := w.fileListener(f)
					check(t, err)
					t.Cleanup(func() { l.Close() })
					return newAcceptor(t, l, served)
				}
				heir := share()
				for round := range 30 {
					heir.wait(t) // File.Fd makes the socket blocking for a moment: no accept then
					leaver := share()
					connectToShared(t, base, served, "both wait", func() {})
					heir.wait(t)
					leaver.wait(t)
					connectToShared(t, base, served, fmt.Sprintf("one closes, round %d", round), func() {
						for range round * 20 {
							spin()
						}
						leaver.l.Close()
					})
					mustBeClosed(t, "Accept", <-leaver.done)
				}
				check(t, heir.l.Close())
				mustBeClosed(t, "Accept", <-heir.done)
			})
		}
	}
}

// connectToShared dials while something else happens, and waits until the connection has been
// served.
func connectToShared(t *testing.T, l net.Listener, served <-chan struct{}, what string, meanwhile func()) {
	t.Helper()
	over := make(chan struct{})
	go func() {
		meanwhile()
		close(over)
	}()
	c, err := net.Dial(l.Addr().Network(), l.Addr().String())
	check(t, err)
	defer c.Close()
	<-over
	select {
	case <-served:
	case <-time.After(lostAfter):
		t.Fatalf("%s: nobody serves the connection", what)
	}
}

// TestStoppedProcessSharesListener guards that of two processes which share a listener the second
// one serves while the first one is stopped.
func TestStoppedProcessSharesListener(t *testing.T) {
	for _, m := range eachMode(t) {
		for _, stopped := range []int{0, 1} { // the one that waited first, or last
			t.Run(fmt.Sprintf("%s/%d", m.name, stopped), func(t *testing.T) {
				begin(t)
				l := listen(t, onNet, "tcp")
				f, err := l.(filer).File()
				check(t, err)
				defer f.Close()
				var pids [2]int
				for i := range pids {
					pids[i] = startSharer(t, m, f)
				}
				check(t, unix.Kill(pids[stopped], unix.SIGSTOP))
				eventually(t, "the process to stop", func() bool { return taskState(pids[stopped]) == 'T' })
				for i := range 3 {
					c, err := net.Dial("tcp", l.Addr().String())
					check(t, err)
					defer c.Close()
					check(t, c.SetReadDeadline(time.Now().Add(lostAfter)))
					got, err := io.ReadAll(c)
					if want := fmt.Sprint(pids[1-stopped]); err != nil || string(got) != want {
						t.Fatalf("connection %d: %q, %v, want %s", i, got, err, want)
					}
				}
			})
		}
	}
}

// startSharer returns the process number of a child that waits for connections to the listener in
// f.
func startSharer(t *testing.T, m mode, f *os.File) int {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := childCommand(ctx, t, "share", m.env...)
	cmd.ExtraFiles = []*os.File{f}
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() { endChild(cmd, cancel) })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if line != "ready\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return cmd.Process.Pid
}

func endChild(cmd *exec.Cmd, cancel context.CancelFunc) {
	cancel() // kills it, also where it is stopped
	cmd.Wait()
}

// taskState is the state of a process as /proc words it, or 0 where there is none of that number.
func taskState(pid int) byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return rest[0]
}

func init() { children["share"] = shareChild }

// shareChild serves the listener in file descriptor 3 with its process number, and says when it
// waits for the first time.
func shareChild() error {
	l, err := childWorld().fileListener(os.NewFile(3, ""))
	if err != nil {
		return err
	}
	ended, err := parkedTask(func() error {
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			fmt.Fprint(c, os.Getpid())
			c.Close()
		}
	})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return <-ended
}
