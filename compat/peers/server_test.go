package peers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/uringnet/uringnet"
)

// large is the size of the one big body that each way through the programs has to carry, and sizes
// holds the small ones: around what fits into the buffers of either side.
const large = 64 << 20

var sizes = []int64{0, 1, 16, 17, 4095, 4096, 4097, 65536, 1<<20 + 7}

// server answers over HTTP on uringnet:
//
//	GET /bytes/N	N bytes that depend on N alone
//	POST, PUT /sum	the SHA-256 of the request's body, in hexadecimal
//	GET /hello	"hello"
type server struct {
	*httptest.Server
	connections, requests atomic.Int64
}

// start runs a server on a listener of uringnet. start fails the test if the listener is not
// uringnet's.
func start(t *testing.T, network, address string, tls bool) *server {
	t.Helper()
	l, err := uringnet.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	s := new(server)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /bytes/{n}", serveBytes)
	mux.HandleFunc("POST /sum", serveSum)
	mux.HandleFunc("PUT /sum", serveSum)
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") })
	s.Server = &httptest.Server{Listener: l, EnableHTTP2: tls, Config: &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.requests.Add(1)
			w.Header().Set("Proto", r.Proto)
			mux.ServeHTTP(w, r)
		}),
		ConnState: func(c net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.connections.Add(1)
			}
		},
		ErrorLog: log.New(io.Discard, "", 0), // a load generator hangs up in the middle of a request
	}}
	if tls {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func startTCP(t *testing.T) *server { return start(t, "tcp", "127.0.0.1:0", false) }
func startTLS(t *testing.T) *server { return start(t, "tcp", "127.0.0.1:0", true) }

// certificate writes the server's certificate, which is its own authority, to a file.
func (s *server) certificate(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// content is the stream of n bytes for n.
func content(n int64) io.Reader {
	var seed [32]byte
	copy(seed[:], strconv.FormatInt(n, 10))
	return io.LimitReader(rand.NewChaCha8(seed), n)
}

// sum is the SHA-256 of r's bytes.
func sum(r io.Reader) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), err
}

// wantSum is the SHA-256 of content(n).
func wantSum(n int64) string {
	s, _ := sum(content(n))
	return s
}

func serveBytes(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.ParseInt(r.PathValue("n"), 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	io.Copy(w, content(n))
}

func serveSum(w http.ResponseWriter, r *http.Request) {
	s, err := sum(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	io.WriteString(w, s)
}

// client is an HTTP client whose connections are uringnet's; each is to address, if there is one.
func client(t *testing.T, network, address string) *http.Client {
	tr := &http.Transport{DialContext: uringnet.DialContext, MaxIdleConnsPerHost: 16}
	if address != "" {
		tr.DialContext = dialTo(network, address)
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// get checks the n bytes that url yields.
func get(c *http.Client, url string, n int64) error {
	resp, err := c.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := sum(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || got != wantSum(n) {
		return fmt.Errorf("GET %s: %s, SHA-256 %s, want %s; %v", url, resp.Status, got, wantSum(n), err)
	}
	return nil
}

// send sends n bytes to a url that answers with their SHA-256, or with nothing.
func send(c *http.Client, method, url string, n int64) error {
	req, err := http.NewRequest(method, url, content(n))
	if err != nil {
		return err
	}
	req.ContentLength = n
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 || len(got) > 0 && string(got) != wantSum(n) {
		return fmt.Errorf("%s %s: %s, %q, want %s; %v", method, url, resp.Status, got, wantSum(n), err)
	}
	return nil
}

// startProxy serves a handler on uringnet and returns its URL.
func startProxy(t *testing.T, h http.Handler) string {
	t.Helper()
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}
