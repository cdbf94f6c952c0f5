package apitest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

func init() { children["polled"] = polledChild }

// With URINGNET_SQPOLL a thread of the kernel takes the requests. It must do so also when it has
// gone to sleep, when the queue is full of requests that it has yet to take, and when they are
// cancelled.
func TestKernelPolls(t *testing.T) {
	needLinked(t)
	if err := probeKernel(); err != nil {
		t.Skipf("the kernel, asked without this package, offers no io_uring: %v", err)
	}
	for _, idle := range []string{"1", "1000"} {
		t.Run(idle+" ms", func(t *testing.T) { child(t, "polled", "URINGNET=", "URINGNET_SQPOLL="+idle) })
	}
}

func polledChild() error {
	if b := uringnet.Backend(); b.Name != "io_uring" || !strings.Contains(b.Reason, "SQPOLL") {
		return fmt.Errorf("the backend is %v", b)
	}
	ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	const conns, rounds = 64, 50
	ends := make(chan error, 2*conns)
	for range conns {
		go func() { ends <- dialAndEcho(ln.Addr().String(), rounds) }()
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			_, err := io.Copy(c, c)
			ends <- err
		}()
	}
	for range 2 * conns {
		if err := <-ends; err != nil {
			return err
		}
	}
	accepted := make(chan error)
	go func() {
		_, err := ln.Accept()
		accepted <- err
	}()
	if err := ln.Close(); err != nil {
		return err
	}
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("Accept during Close: %w", err)
	}
	// The port is free: the kernel has let go of the listener.
	again, err := uringnet.Listen("tcp", ln.Addr().String())
	if err != nil {
		return err
	}
	return again.Close()
}

// dialAndEcho sends and receives, lets a deadline interrupt a Read, and lets the kernel's thread
// fall asleep now and then.
func dialAndEcho(addr string, rounds int) error {
	c, err := uringnet.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	message := make([]byte, 1000)
	for i := range rounds {
		if _, err := c.Write(message); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, message); err != nil {
			return err
		}
		if i%10 == 0 {
			c.SetReadDeadline(time.Now().Add(3 * time.Millisecond))
			if _, err := c.Read(message); !errors.Is(err, os.ErrDeadlineExceeded) {
				return fmt.Errorf("Read until the deadline: %w", err)
			}
			c.SetReadDeadline(time.Time{})
		}
	}
	return nil
}

// A value that makes no sense is not taken for no value.
func TestKernelPollsValue(t *testing.T) {
	needRing(t)
	for _, value := range []string{"yes", "-1", "60001"} {
		out := child(t, "backend", "URINGNET=", "URINGNET_SQPOLL="+value)
		if want := fmt.Sprintf("URINGNET_SQPOLL=%q is not a number of milliseconds", value); !strings.Contains(out, want) {
			t.Errorf("Backend() = %s, want %s", out, want)
		}
	}
}
