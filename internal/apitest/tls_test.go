package apitest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// startTLS runs an HTTPS server on this package, and a client of it.
func startTLS(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *http.Client) {
	t.Helper()
	srv := httptest.NewUnstartedServer(handler)
	check(t, srv.Listener.Close())
	srv.Listener = listen(t, onRing, "tcp")
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	tr := transport(t)
	tr.TLSClientConfig = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	tr.ForceAttemptHTTP2 = true
	return srv, &http.Client{Transport: tr}
}

// TestHTTP2 runs many streams on one connection, each way with bodies that fill the flow-control
// windows.
func TestHTTP2(t *testing.T) {
	begin(t)
	srv, client := startTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("server got %s", r.Proto)
		}
		io.Copy(w, r.Body)
	})
	streams, requests := 32, size(20, 4)
	errs := make(chan error, streams)
	for s := range streams {
		go func() {
			content := rand.NewChaCha8([32]byte{byte(s)})
			var err error
			for i := range requests {
				body := make([]byte, i*1000*s)
				content.Read(body)
				if err = post2(client, srv.URL, body); err != nil {
					break
				}
			}
			errs <- err
		}()
	}
	for range streams {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func post2(client *http.Client, url string, body []byte) error {
	resp, err := client.Post(url, "", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.ProtoMajor != 2 || !bytes.Equal(got, body) {
		return fmt.Errorf("%s, %d bytes, want %d", resp.Proto, len(got), len(body))
	}
	return nil
}

// TestHTTP2Shutdown closes a server whose connection is in use.
func TestHTTP2Shutdown(t *testing.T) {
	begin(t)
	entered, release := make(chan struct{}), make(chan struct{})
	srv, client := startTLS(t, func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-release
		io.WriteString(w, "done")
	})
	done := make(chan error, 1)
	go func() {
		resp, err := client.Get(srv.URL)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		done <- err
	}()
	<-entered
	shutdown := parked(t, func() error { return srv.Config.Shutdown(t.Context()) })
	close(release)
	check(t, <-done)
	check(t, <-shutdown)
}

// TestTLSConn uses crypto/tls by hand: deadlines, half-close and the order in which Close wakes the
// peer.
func TestTLSConn(t *testing.T) {
	begin(t)
	srv := httptest.NewUnstartedServer(nil) // for its certificate
	srv.StartTLS()
	defer srv.Close()
	a, d := tcpPair(t)
	server := tls.Server(a, srv.TLS)
	config := srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.ServerName = "example.com"
	client := tls.Client(d, config)
	handshake := make(chan error, 1)
	go func() { handshake <- server.Handshake() }()
	check(t, client.Handshake())
	check(t, <-handshake)

	check(t, server.SetReadDeadline(time.Now().Add(time.Millisecond)))
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Read = %v", err)
	}
	// A read that timed out is no reason to lose the session: crypto/tls goes on with the same
	// record.
	check(t, server.SetReadDeadline(time.Time{}))
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	wrote := make(chan error, 1)
	go func() {
		_, err := client.Write(large)
		if err == nil {
			err = client.CloseWrite()
		}
		wrote <- err
	}()
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, large) {
		t.Fatalf("read %d bytes, %v, want %d", len(got), err, len(large))
	}
	check(t, <-wrote)
	mustWrite(t, server, "still open this way")
	mustRead(t, client, "still open this way")
	check(t, server.Close())
	mustEOF(t, client)
	client.Close()
}
