package apitest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() { children["accept while others make it blocking"] = acceptMadeBlocking }

// acceptMadeBlocking has Accepts while somebody makes the descriptor blocking, over and over, and
// sees that the process goes on. An Accept may be caught in the kernel by that, as one of package
// net is.
func acceptMadeBlocking() error {
	l, err := onRing.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	f, err := l.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		return err
	}
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	go func() {
		for {
			rc.Control(func(fd uintptr) {
				for range 1000 {
					unix.SetNonblock(int(fd), false)
				}
			})
		}
	}()
	tl := l.(interface{ SetDeadline(time.Time) error })
	caught := make(chan bool)
	go func() {
		for {
			tl.SetDeadline(time.Now().Add(100 * time.Microsecond))
			if c, err := l.Accept(); err == nil {
				c.Close()
			}
			select {
			case caught <- true:
			default:
			}
		}
	}()
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		select {
		case <-caught:
		case <-time.After(200 * time.Millisecond):
			fmt.Println("an Accept is caught")
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				return err
			}
			c.Close()
		}
		runtime.GC()
	}
	return nil
}

// Whoever makes a shared listener blocking at the wrong moment keeps at most an Accept in the
// kernel, and never the P that it runs on: with that the next garbage collection would stop the
// process for good.
func TestAcceptMadeBlockingHoldsNoP(t *testing.T) {
	needSockets(t)
	exe, err := os.Executable()
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), childEnv+"=accept while others make it blocking", "GOMAXPROCS=4")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
