package apitest

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestHTTPShutdown lets the request that runs finish, and takes down idle connections and the
// listener.
func TestHTTPShutdown(t *testing.T) {
	begin(t)
	entered, release := make(chan struct{}), make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			close(entered)
			<-release
		}
		io.WriteString(w, "done")
	})}
	addr := serve(t, srv)
	idle, busy := get(t, addr, "/"), get(t, addr, "/wait")
	readResponse(t, idle)
	<-entered

	shutdown := parked(t, func() error { return srv.Shutdown(t.Context()) })
	eventually(t, "the listener to be closed", func() bool { return refused(addr) })
	mustEOF(t, idle)
	close(release)
	readResponse(t, busy)
	mustEOF(t, busy)
	check(t, <-shutdown)
}

// TestHTTPClose cuts everything off.
func TestHTTPClose(t *testing.T) {
	begin(t)
	entered, left := make(chan struct{}), make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(left)
	})}
	addr := serve(t, srv)
	busy, fresh := get(t, addr, "/"), dialTo(t, addr) // fresh: nothing sent yet
	<-entered
	check(t, srv.Close())
	<-left
	for _, c := range []net.Conn{busy, fresh} {
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("Read after Server.Close = %d, %v", n, err)
		}
	}
	if !refused(addr) {
		t.Error("Server.Close left the listener open")
	}
}

// TestHTTPTimeouts waits until the server gives up on clients that do not do their part. The
// handler of a first request sets the timeout, on the goroutine that serves the connection. So the
// time begins when the second request is there, however long that takes.
func TestHTTPTimeouts(t *testing.T) {
	const soon = 20 * time.Millisecond
	large := make([]byte, 64<<20) // more than the socket buffers hold
	for _, tc := range []struct {
		name, request string
		timeout       func(srv *http.Server) *time.Duration
	}{
		{"idle", "", func(srv *http.Server) *time.Duration { return &srv.IdleTimeout }},
		{"header", "GET / HTTP/1.1\r\nHo", func(srv *http.Server) *time.Duration { return &srv.ReadHeaderTimeout }},
		{"read", "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbo",
			func(srv *http.Server) *time.Duration { return &srv.ReadTimeout }},
		{"write", "GET /large HTTP/1.1\r\nHost: test\r\n\r\n",
			func(srv *http.Server) *time.Duration { return &srv.WriteTimeout }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begin(t)
			outcome := make(chan error, 1)
			srv := &http.Server{IdleTimeout: time.Hour} // or ReadTimeout would be for idle connections too
			srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/first":
					*tc.timeout(srv) = soon
					io.WriteString(w, "done")
				case "/large":
					_, err := w.Write(large)
					outcome <- err
				default:
					_, err := io.ReadAll(r.Body)
					outcome <- err
				}
			})
			c := get(t, serve(t, srv), "/first")
			readResponse(t, c)
			mustWrite(t, c, tc.request)
			if tc.name == "read" || tc.name == "write" {
				if err, ok := (<-outcome).(net.Error); !ok || !err.Timeout() {
					t.Errorf("the handler got %v", err)
				}
			}
			// Whatever has been sent, the connection ends, and by the server.
			if _, err := io.Copy(io.Discard, c); err != nil && tc.name != "write" {
				t.Errorf("the client got %v", err)
			}
		})
	}
}

// TestHTTPShutdownContext ends while a request still runs; the request is not disturbed.
func TestHTTPShutdownContext(t *testing.T) {
	begin(t)
	entered, release := make(chan struct{}), make(chan struct{})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		io.WriteString(w, "done")
	})}
	c := get(t, serve(t, srv), "/")
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	shutdown := parked(t, func() error { return srv.Shutdown(ctx) })
	cancel()
	if err := <-shutdown; err != context.Canceled {
		t.Errorf("Shutdown = %v", err)
	}
	close(release)
	readResponse(t, c)
}

func dialTo(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := onRing.dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// refused reports whether nobody listens on addr.
func refused(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err == nil {
		c.Close()
	}
	return err != nil
}

// get sends a request and leaves the response to readResponse.
func get(t testing.TB, addr, path string) net.Conn {
	t.Helper()
	c := dialTo(t, addr)
	mustWrite(t, c, "GET "+path+" HTTP/1.1\r\nHost: test\r\n\r\n")
	return c
}

func readResponse(t testing.TB, c net.Conn) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "done" {
		t.Fatalf("body %q, %v", body, err)
	}
}
