package peers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// sClient lets openssl s_client speak HTTP/1.1 with the server: whatever is read from stdin goes
// out, and what comes back is returned. The certificate is verified.
func sClient(t *testing.T, s *server, stdin io.Reader, options ...string) []byte {
	t.Helper()
	args := append([]string{"s_client", "-connect", s.Listener.Addr().String(), "-CAfile", s.certificate(t),
		"-verify_return_error", "-quiet", "-no_ign_eof", "-ign_eof"}, options...)
	return run(t, stdin, tool(t, "openssl", "openssl"), args...)
}

// answer parses the only response in b.
func answer(t *testing.T, b []byte) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), nil)
	if err != nil {
		t.Fatalf("%v in %.200q", err, b)
	}
	defer resp.Body.Close()
	s, err := sum(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, s
}

func TestOpenSSL(t *testing.T) {
	tool(t, "openssl", "openssl")
	s := startTLS(t)
	for _, tc := range []struct {
		name    string
		options []string
	}{
		{"TLS1.2", []string{"-tls1_2"}},
		{"TLS1.3", []string{"-tls1_3"}},
		{"small records", []string{"-tls1_3", "-max_send_frag", "512"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, n := range []int64{0, 17, 65536, 8 << 20} {
				head := fmt.Sprintf("GET /bytes/%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", n)
				resp, got := answer(t, sClient(t, s, strings.NewReader(head), tc.options...))
				if resp.StatusCode != http.StatusOK || got != wantSum(n) {
					t.Errorf("GET of %d bytes: %s, SHA-256 %s, want %s", n, resp.Status, got, wantSum(n))
				}
				head = fmt.Sprintf("POST /sum HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", n)
				b := sClient(t, s, io.MultiReader(strings.NewReader(head), content(n)), tc.options...)
				if !bytes.HasSuffix(b, []byte("\r\n\r\n"+wantSum(n))) {
					t.Errorf("POST of %d bytes: %.200q, want %s", n, b, wantSum(n))
				}
			}
		})
	}
}

// TestOpenSSLNegotiates looks at the handshake itself: HTTP/2 is chosen, and sessions are resumed
// on new connections.
func TestOpenSSLNegotiates(t *testing.T) {
	openssl := tool(t, "openssl", "openssl")
	s := startTLS(t)
	common := []string{"s_client", "-connect", s.Listener.Addr().String(), "-CAfile", s.certificate(t), "-verify_return_error"}
	out := string(run(t, nil, openssl, append(common, "-alpn", "h2,http/1.1")...))
	if !strings.Contains(out, "ALPN protocol: h2") || !strings.Contains(out, "Verify return code: 0 (ok)") {
		t.Errorf("no HTTP/2 was negotiated:\n%s", out)
	}
	out = string(run(t, nil, openssl, append(common, "-tls1_2", "-reconnect")...))
	if n := strings.Count(out, "Reused, TLSv1.2"); n != 5 {
		t.Errorf("%d of 5 reconnects resumed the session:\n%s", n, out)
	}
}
