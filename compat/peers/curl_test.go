package peers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// curl runs curl with the options that all calls share.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	return string(run(t, nil, tool(t, "curl", "curl"), curlArgs(args)...))
}

func curlArgs(args []string) []string {
	return append([]string{"--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", "100"}, args...)
}

// TestCurl moves bodies of all sizes both ways over HTTP/1.1, HTTP/2 under TLS and a Unix socket.
func TestCurl(t *testing.T) {
	tool(t, "curl", "curl")
	plain, secure := startTCP(t), startTLS(t)
	socket := filepath.Join(t.TempDir(), "s")
	start(t, "unix", socket, false)
	ca := secure.certificate(t)
	for _, tc := range []struct {
		name, url, proto string
		options          []string
	}{
		{"HTTP1", plain.URL, "HTTP/1.1", nil},
		{"HTTP1.0", plain.URL, "HTTP/1.0", []string{"--http1.0"}},
		{"TLS", secure.URL, "HTTP/1.1", []string{"--cacert", ca, "--http1.1"}},
		{"HTTP2", secure.URL, "HTTP/2.0", []string{"--cacert", ca, "--http2"}},
		{"Unix", "http://unix", "HTTP/1.1", []string{"--unix-socket", socket}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			headers := curl(t, append(tc.options, "--head", tc.url+"/hello")...)
			if !strings.Contains(strings.ToLower(headers), "proto: "+strings.ToLower(tc.proto)) {
				t.Errorf("the server does not say that it was asked over %s:\n%s", tc.proto, headers)
			}
			for _, n := range append(sizes, large) {
				curlGet(t, n, append(tc.options, fmt.Sprint(tc.url, "/bytes/", n))...)
				curlSend(t, n, append(tc.options, tc.url+"/sum")...)
			}
		})
	}
}

func curlGet(t *testing.T, n int64, args ...string) {
	t.Helper()
	h := sha256.New()
	runTo(t, nil, h, tool(t, "curl", "curl"), curlArgs(args)...)
	if got := hex.EncodeToString(h.Sum(nil)); got != wantSum(n) {
		t.Errorf("GET of %d bytes: SHA-256 %s, want %s", n, got, wantSum(n))
	}
}

// curlSend uploads from curl's standard input: in chunks where the protocol has them.
func curlSend(t *testing.T, n int64, args ...string) {
	t.Helper()
	// In HTTP/1.0 a body needs a length, so that curl must see all of it first; -T would send
	// chunks.
	args = append([]string{"--request", "POST", "--data-binary", "@-"}, args...)
	if n == large && !strings.Contains(strings.Join(args, " "), "--http1.0") {
		args = append([]string{"--upload-file", "-"}, args[4:]...)
	}
	got := run(t, content(n), tool(t, "curl", "curl"), curlArgs(args)...)
	if string(got) != wantSum(n) {
		t.Errorf("upload of %d bytes: SHA-256 %s, want %s", n, got, wantSum(n))
	}
}

// TestCurlKeepsConnection asks for many files in one run of curl: the connection must stay open
// between them.
func TestCurlKeepsConnection(t *testing.T) {
	tool(t, "curl", "curl")
	s := startTCP(t)
	const requests = 100
	out := curl(t, fmt.Sprintf("%s/hello?[1-%d]", s.URL, requests))
	if want := strings.Repeat("hello", requests); out != want {
		t.Errorf("got %d bytes, want %d: %.60q", len(out), len(want), out)
	}
	if c, r := s.connections.Load(), s.requests.Load(); c != 1 || r != requests {
		t.Errorf("%d connections and %d requests, want 1 and %d", c, r, requests)
	}
}
