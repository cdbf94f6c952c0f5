package apitest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/uringnet/uringnet"
)

// transport is an http.Transport that dials with this package, closed at the end of the test.
func transport(t testing.TB) *http.Transport {
	tr := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return new(uringnet.Dialer).DialContext(ctx, network, address)
		},
		MaxIdleConnsPerHost: 64,
	}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// proxyTo runs a ReverseProxy in front of handler, everything on this package, and returns the
// proxy's address.
func proxyTo(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	backend := serve(t, &http.Server{Handler: handler})
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: backend})
	proxy.Transport = transport(t)
	proxy.FlushInterval = -1
	proxy.ErrorLog = log.New(io.Discard, "", 0) // a client that goes away is what some tests are about
	return serve(t, &http.Server{Handler: proxy})
}

// TestReverseProxy sends bodies through three connections of this package in a row.
func TestReverseProxy(t *testing.T) {
	begin(t)
	addr := proxyTo(t, echoBody)
	client := &http.Client{Transport: transport(t)}
	workers, requests := 16, size(60, 10)
	errs := make(chan error, workers)
	for w := range workers {
		go func() {
			rng := rand.New(rand.NewPCG(uint64(w), 2))
			content := rand.NewChaCha8([32]byte{byte(w)})
			var err error
			for range requests {
				body := make([]byte, rng.IntN(200<<10))
				content.Read(body)
				if err = roundTrip(client, addr, body); err != nil {
					break
				}
			}
			errs <- err
		}()
	}
	for range workers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func roundTrip(client *http.Client, addr string, body []byte) error {
	// A body of unknown length goes out in chunks.
	resp, err := client.Post("http://"+addr+"/", "", io.MultiReader(bytes.NewReader(body)))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != 200 || !bytes.Equal(got, body) {
		return fmt.Errorf("status %s, %d bytes, want %d", resp.Status, len(got), len(body))
	}
	return nil
}

// TestReverseProxyUpgrade has the proxy copy between two hijacked connections.
func TestReverseProxyUpgrade(t *testing.T) {
	begin(t)
	addr := proxyTo(t, func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		rw.Flush()
		io.Copy(conn, rw)
	})
	c := dialTo(t, addr)
	mustWrite(t, c, "GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, nil)
	check(t, err)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp.Status)
	}
	for i := range 100 {
		message := fmt.Sprintf("message %d", i)
		mustWrite(t, c, message)
		mustRead(t, br, message)
	}
	check(t, c.(stream).CloseWrite())
	mustEOF(t, br)
}

// TestReverseProxyClientDisappears checks that the end of the client's connection travels to the
// backend.
func TestReverseProxyClientDisappears(t *testing.T) {
	begin(t)
	entered, left := make(chan struct{}), make(chan struct{})
	addr := proxyTo(t, func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		close(left)
	})
	c := get(t, addr, "/")
	<-entered
	check(t, c.Close())
	<-left
}
