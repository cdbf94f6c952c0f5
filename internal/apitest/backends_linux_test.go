package apitest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/sched"
	"github.com/uringnet/uringnet/internal/testutil"
	"golang.org/x/sys/unix"
)

// TestBackends starts a process for each way to come by a backend. All but the last two of them
// serve HTTP there.
func TestBackends(t *testing.T) {
	begin(t)
	best, second, required := "io_uring", "poller", "io_uring"
	if err := probeKernel(); err != nil {
		t.Logf("no io_uring here: %v", err)
		best, required = second, "net"
	}
	if !sched.Linked {
		best, second, required = "net", "net", "net"
	}
	for _, tc := range []struct {
		name, child, env string
		want             string // the backend
		reason           string // a part of what Backend says
		refused          bool   // Listen and Dial fail
	}{
		{"unset", "backend", "", best, "", false},
		{"auto", "backend", "auto", best, "", false},
		{"off", "backend", "off", "net", "URINGNET=off", false},
		{"poller", "backend", "poller", second, "URINGNET=poller", false},
		{"require", "backend", "require", required, "", best != "io_uring"},
		{"seccomp EPERM", "backend EPERM", "", second, "operation not permitted", false},
		{"seccomp ENOSYS", "backend ENOSYS", "", second, "function not implemented", false},
		{"no file descriptors", "backend EMFILE", "", second, "too many open files", false},
		{"seccomp EPERM, off", "backend EPERM", "off", "net", "URINGNET=off", false},
		{"seccomp EPERM, require", "backend EPERM", "require", "net", "operation not permitted", true},
		{"nonsense", "backend", "nonsense", "net", "nonsense", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if best == "poller" && strings.HasPrefix(tc.child, "backend E") || best == "net" && tc.env != "off" && tc.env != "nonsense" {
				tc.reason = "" // whatever keeps it from working here comes first
			}
			out := child(t, tc.child, "URINGNET="+tc.env)
			backend, rest, _ := strings.Cut(out, "\n")
			if !strings.HasPrefix(backend, tc.want+" (") || !strings.Contains(backend, tc.reason) {
				t.Errorf("Backend is %q, want %s with %q", backend, tc.want, tc.reason)
			}
			want := "served"
			if tc.refused {
				want = "refused"
			}
			if !strings.HasPrefix(rest, want) {
				t.Errorf("the child says %q, want %q", rest, want)
			}
			t.Logf("%s", out)
		})
	}
}

func init() {
	children["backend"] = backendChild
	for name, errno := range map[string]unix.Errno{"EPERM": unix.EPERM, "ENOSYS": unix.ENOSYS} {
		children["backend "+name] = func() error {
			if err := denyIOUring(errno); err != nil {
				return err
			}
			if err := probeKernel(); !errors.Is(err, errno) {
				return fmt.Errorf("the filter does not work: %w", err)
			}
			return backendChild()
		}
	}
	children["backend EMFILE"] = func() error {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 100, Max: 100}); err != nil {
			return err
		}
		var f filler
		f.all()
		uringnet.Backend() // decides, for the life of the process
		f.release(len(f.fds))
		return backendChild()
	}
}

// backendChild prints the backend and makes one round trip over HTTP, or prints why it may not.
func backendChild() error {
	fmt.Println(uringnet.Backend())
	refusal := uringnet.ErrUnavailable
	if os.Getenv("URINGNET") == "nonsense" {
		refusal = nil
	}
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if refusal != nil && !errors.Is(err, refusal) {
			return fmt.Errorf("Listen fails, but not with ErrUnavailable: %w", err)
		}
		return refusedChild(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	tr := &http.Transport{DialContext: uringnet.DialContext}
	resp, err := (&http.Client{Transport: tr}).Get("http://" + l.Addr().String())
	if err != nil {
		return err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "hello" {
		return fmt.Errorf("body %q, %w", body, err)
	}
	resp.Body.Close()
	tr.CloseIdleConnections()
	if err := srv.Close(); err != nil {
		return err
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	for fd := range testutil.OpenFDs() {
		if uringnet.Backend().Name == "net" && strings.Contains(fd, "io_uring") {
			return fmt.Errorf("package net runs, and there is fd %s", fd)
		}
	}
	fmt.Println("served")
	return nil
}

// refusedChild checks that every door is closed, and none of them leaves anything open.
func refusedChild(reason error) error {
	before := takeSnapshot()
	l, err := onNet.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	for what, f := range map[string]func() (io.Closer, error){
		"Listen":      func() (io.Closer, error) { return uringnet.Listen("unix", "@uringnet-refused") },
		"NewListener": func() (io.Closer, error) { return uringnet.NewListener(l) },
		"Dial":        func() (io.Closer, error) { return uringnet.Dial("tcp", l.Addr().String()) },
	} {
		if _, err := f(); err == nil {
			return fmt.Errorf("%s succeeds, although Listen says %w", what, reason)
		}
	}
	c, err := onNet.dial("tcp", l.Addr().String()) // a refusal leaves the listener as it was
	if err != nil {
		return err
	}
	c.Close()
	for range 2 { // the dial above, and perhaps the one that was refused
		if a, err := l.Accept(); err == nil {
			a.Close()
		}
		if err := l.(deadliner).SetDeadline(past); err != nil {
			return err
		}
	}
	l.Close()
	if left := before.settle(); left != "" {
		return fmt.Errorf("left behind: %s", left)
	}
	fmt.Println("refused:", reason)
	return nil
}
