package apitest

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// serve runs srv on a listener of this package and returns its address. The server is closed at the
// end of the test.
func serve(t testing.TB, srv *http.Server) string {
	t.Helper()
	l := listen(t, onRing, "tcp")
	done := make(chan error, 1)
	go func() { done <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("Serve = %v", err)
		}
	})
	return l.Addr().String()
}

// echoBody answers with the body of the request.
func echoBody(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Write(body)
}

// TestHTTPKeepAlive has 1000 connections open at once, all of them busy. The clients are
// hand-written so that each one has exactly one connection.
func TestHTTPKeepAlive(t *testing.T) {
	begin(t)
	clients, requests := size(1000, 200), size(100, 20)
	var opened atomic.Int64
	addr := serve(t, &http.Server{
		Handler: http.HandlerFunc(echoBody),
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				opened.Add(1)
			}
		},
	})
	errs := make(chan error, clients)
	var connected sync.WaitGroup
	connected.Add(clients)
	for i := range clients {
		m := onRing
		if i%2 == 1 {
			m = onNet
		}
		go func() {
			conn, err := m.dial("tcp", addr)
			connected.Done()
			if err != nil {
				errs <- err
				return
			}
			defer conn.Close()
			connected.Wait()
			errs <- keepAliveClient(conn, uint64(i), requests)
		}()
	}
	for range clients {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := opened.Load(); got != int64(clients) {
		t.Errorf("the server saw %d connections for %d clients", got, clients)
	}
}

// keepAliveClient posts bodies of many sizes and checks what comes back.
func keepAliveClient(conn net.Conn, seed uint64, requests int) error {
	rng := rand.New(rand.NewPCG(seed, 1))
	content := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	br := bufio.NewReader(conn)
	for i := range requests {
		n := rng.IntN(2048)
		if rng.IntN(64) == 0 {
			n = rng.IntN(64 << 10)
		}
		body := make([]byte, n)
		content.Read(body)
		if err := post(conn, br, body); err != nil {
			return fmt.Errorf("client %d, request %d of %d bytes: %w", seed, i, n, err)
		}
	}
	return nil
}

// post sends one request on a connection of its own and compares the body that comes back.
func post(conn net.Conn, br *bufio.Reader, body []byte) error {
	req, err := http.NewRequest("POST", "http://test/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	if err := req.Write(conn); err != nil {
		return err
	}
	resp, err := http.ReadResponse(br, req)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != 200 || !bytes.Equal(got, body) {
		return fmt.Errorf("status %s, %d bytes, want %d", resp.Status, len(got), len(body))
	}
	return nil
}

// TestHTTPHijack takes the connection over while the server's background read is armed on it:
// whatever that read has caught belongs to the handler.
func TestHTTPHijack(t *testing.T) {
	begin(t)
	addr := serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if _, ok := conn.(stream); !ok {
			t.Errorf("hijacked a %T", conn)
		}
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\n")
		rw.Flush()
		io.Copy(conn, rw) // an echo until the client closes
	})})
	for i := range size(500, 100) {
		c, err := onRing.dial("tcp", addr)
		check(t, err)
		mustWrite(t, c, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
		if i%2 == 0 { // before the answer, so that it races the hijack, or after it
			mustWrite(t, c, "early")
		}
		mustRead(t, c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		mustWrite(t, c, "late")
		if i%2 == 0 {
			mustRead(t, c, "early")
		}
		mustRead(t, c, "late")
		check(t, c.(stream).CloseWrite())
		mustEOF(t, c)
		check(t, c.Close())
	}
}

func TestHTTPExpectContinue(t *testing.T) {
	begin(t)
	addr := serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			w.WriteHeader(http.StatusExpectationFailed)
			return
		}
		echoBody(w, r)
	})})
	for _, tc := range []struct{ path, interim, final string }{
		{"/yes", "HTTP/1.1 100 Continue\r\n\r\n", "200 OK"},
		{"/no", "", "417 Expectation Failed"},
	} {
		c, err := onRing.dial("tcp", addr)
		check(t, err)
		mustWrite(t, c, "POST "+tc.path+" HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
		if tc.interim != "" {
			mustRead(t, c, tc.interim) // only now may the body go out
			mustWrite(t, c, "body")
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		check(t, err)
		got, err := io.ReadAll(resp.Body)
		check(t, err)
		if resp.Status != tc.final || (tc.interim != "" && string(got) != "body") {
			t.Errorf("%s: %s %q, want %s", tc.path, resp.Status, got, tc.final)
		}
		c.Close()
	}
}

// TestHTTPClientDisappears checks that a handler learns of it through the background read, by FIN
// and by RST, and that a body that ends early is an error.
func TestHTTPClientDisappears(t *testing.T) {
	begin(t)
	entered := make(chan struct{})
	left := make(chan error)
	addr := serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		if r.Method == "POST" {
			_, err := io.ReadAll(r.Body)
			left <- err
			return
		}
		<-r.Context().Done()
		left <- r.Context().Err()
	})})
	for i := range size(200, 40) {
		for _, request := range []string{
			"GET / HTTP/1.1\r\nHost: test\r\n\r\n",
			"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nonly a part",
		} {
			c, err := onRing.dial("tcp", addr)
			check(t, err)
			mustWrite(t, c, request)
			<-entered
			if i%2 == 1 {
				check(t, c.(interface{ SetLinger(int) error }).SetLinger(0))
			}
			check(t, c.Close())
			if err := <-left; err == nil {
				t.Errorf("handler of %.4q did not notice that the client is gone", request)
			}
		}
	}
}

// TestHTTPPipelining sends many requests at once: reads return more than one message, and the
// background read finds data each time.
func TestHTTPPipelining(t *testing.T) {
	begin(t)
	addr := serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.URL.Path)
	})})
	c, err := onRing.dial("tcp", addr)
	check(t, err)
	defer c.Close()
	n := size(2000, 300)
	sent := make(chan error, 1)
	go func() {
		var err error
		for i := range n {
			_, werr := fmt.Fprintf(c, "GET /%d HTTP/1.1\r\nHost: test\r\n\r\n", i)
			err = cmp.Or(err, werr)
		}
		sent <- err
	}()
	br := bufio.NewReader(c)
	for i := range n {
		resp, err := http.ReadResponse(br, nil)
		check(t, err)
		got, err := io.ReadAll(resp.Body)
		check(t, err)
		if want := fmt.Sprintf("/%d", i); string(got) != want {
			t.Fatalf("response %q, want %q", got, want)
		}
	}
	check(t, <-sent)
}
