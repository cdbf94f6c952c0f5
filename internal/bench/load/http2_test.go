//go:build linux

package load

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

var twoOfHTTP2 = workload.Workload{Kind: workload.HTTP2, Conns: 2, Depth: 5}

func TestHTTP2(t *testing.T) {
	var asked atomic.Uint64
	s := helloServer(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 || r.Method != http.MethodGet || r.URL.Path != "/" || r.Host != "localhost" {
			http.Error(w, "want GET / of HTTP/2", http.StatusBadRequest)
			return
		}
		asked.Add(1)
		io.WriteString(w, "hello")
	})
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	r, err := measure(t, s.Listener.Addr().String(), twoOfHTTP2, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.Requests == 0 || r.Requests > asked.Load() {
		t.Errorf("%d requests, of which the server knows %d", r.Requests, asked.Load())
	}
}

func TestHTTP2Errors(t *testing.T) {
	for want, h := range map[string]http.HandlerFunc{
		"not 200": func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
		"differ in length": func() http.HandlerFunc {
			var n atomic.Int64
			return func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, strings.Repeat("x", int(n.Add(1))))
			}
		}(),
		"by a frame of type 3": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		s := helloServer(h)
		s.EnableHTTP2 = true
		s.StartTLS()
		_, err := measure(t, s.Listener.Addr().String(), twoOfHTTP2, time.Minute)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		s.Close()
	}
	s := helloServer(func(http.ResponseWriter, *http.Request) {})
	s.StartTLS()
	defer s.Close()
	_, err := measure(t, s.Listener.Addr().String(), twoOfHTTP2, time.Minute)
	if want := "no application protocol"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}
