//go:build linux

package load

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// crumbs is a listener whose connections send each byte on its own, so that a client finds records
// of TLS that have come in part.
type crumbs struct{ net.Listener }

func (ln crumbs) Accept() (net.Conn, error) {
	c, err := ln.Listener.Accept()
	return crumbling{c}, err
}

type crumbling struct{ net.Conn }

func (c crumbling) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := c.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

func helloServer(h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Listener = crumbs{s.Listener}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	return s
}

func TestTLSRecordsComeInPart(t *testing.T) {
	s := helloServer(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	s.StartTLS()
	defer s.Close()
	w := workload.Workload{Kind: workload.HTTPS, Conns: 3, Depth: 1}
	r, err := measure(t, s.Listener.Addr().String(), w, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.Requests == 0 || r.P50 <= 0 {
		t.Errorf("%d requests with a median latency of %v us", r.Requests, r.P50)
	}
}
