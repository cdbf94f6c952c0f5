package peers

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// number returns the number that pattern's group matches in a program's report.
func number(t *testing.T, report, pattern string) int64 {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(report)
	if m == nil {
		t.Fatalf("the report has no %q:\n%s", pattern, report)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWrk loads the server with 64 connections. wrk counts whatever went wrong; the server has seen
// all it counts.
func TestWrk(t *testing.T) {
	wrk := tool(t, "wrk", "wrk")
	for _, tc := range []struct {
		name  string
		serve func(*testing.T) *server
		path  string
	}{
		{"hello", startTCP, "/hello"},
		{"64 KiB", startTCP, "/bytes/65536"},
		{"TLS", startTLS, "/hello"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := tc.serve(t)
			report := string(run(t, nil, wrk, "--threads=1", "--connections=64", "--duration=2s", s.URL+tc.path))
			for _, bad := range []string{"Socket errors", "Non-2xx"} {
				if strings.Contains(report, bad) {
					t.Errorf("wrk complains:\n%s", report)
				}
			}
			done := number(t, report, `(\d+) requests in`)
			if seen := s.requests.Load(); done == 0 || seen < done {
				t.Errorf("wrk counts %d requests, the server %d", done, seen)
			}
			t.Logf("%d requests over %d connections", done, s.connections.Load())
		})
	}
}

// TestH2load runs counted requests in many streams per connection, and over HTTP/1.1 for
// comparison.
func TestH2load(t *testing.T) {
	h2load := tool(t, "h2load", "nghttp2-client")
	for _, tc := range []struct {
		name               string
		requests           int
		size               int64
		connections, depth int
		options            []string
	}{
		{"streams", 20000, 16, 16, 64, nil},
		{"large bodies", 500, 1 << 20, 8, 8, nil},
		{"one stream each", 5000, 4097, 32, 1, nil},
		{"HTTP1", 5000, 4097, 32, 1, []string{"--h1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := startTLS(t)
			args := append(tc.options, "--requests", fmt.Sprint(tc.requests), "--clients", fmt.Sprint(tc.connections),
				"--max-concurrent-streams", fmt.Sprint(tc.depth), fmt.Sprint(s.URL, "/bytes/", tc.size))
			report := string(run(t, nil, h2load, args...))
			if got := number(t, report, `(\d+) 2xx`); got != int64(tc.requests) {
				t.Errorf("%d of %d requests succeeded:\n%s", got, tc.requests, report)
			}
			if failed, errored := number(t, report, `(\d+) failed`), number(t, report, `(\d+) errored`); failed+errored > 0 {
				t.Errorf("%d failed, %d errored:\n%s", failed, errored, report)
			}
			if data, want := number(t, report, `\((\d+)\) data`), int64(tc.requests)*tc.size; data != want {
				t.Errorf("%d bytes of bodies, want %d", data, want)
			}
			if got := s.requests.Load(); got != int64(tc.requests) {
				t.Errorf("the server counts %d requests, want %d", got, tc.requests)
			}
		})
	}
}
