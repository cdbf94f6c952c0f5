package httpdir_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/file/httpdir"
)

// site makes a folder with files of several sizes, one of which needs several windows.
func site(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, size := range map[string]int{
		"small.txt": 10, "empty": 0, "large.bin": 5<<20 + 17, "sub/index.html": 2000, "other/page": 70_000,
	} {
		data := bytes.Repeat([]byte("0123456789abcde\n"), size/16+1)[:size]
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(full)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := forget(f); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func serve(t *testing.T, l net.Listener, err error, dir http.FileSystem) (url string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.FileServer(dir)}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return "http://" + l.Addr().String()
}

// answer is what a server says, but for the time.
func answer(t *testing.T, url, span string) string {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if span != "" {
		req.Header.Set("Range", span)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	h := resp.Header
	return fmt.Sprintf("%s, type %q, range %q, length %q, location %q, %d bytes, %x",
		resp.Status, h.Get("Content-Type"), h.Get("Content-Range"), h.Get("Content-Length"), h.Get("Location"),
		len(body), sha256.Sum256(body))
}

// TestAsHTTPDir compares with http.Dir, on listeners of both packages. The first server that is
// asked finds nothing in memory.
func TestAsHTTPDir(t *testing.T) {
	dir := site(t)
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	ours := serve(t, l, err, httpdir.Dir(dir))
	l, err = net.Listen("tcp", "127.0.0.1:0")
	onNet := serve(t, l, err, httpdir.Dir(dir))
	l, err = net.Listen("tcp", "127.0.0.1:0")
	want := serve(t, l, err, http.Dir(dir))
	for _, path := range []string{
		"/", "/small.txt", "/empty", "/large.bin", "/sub", "/sub/", "/sub/index.html", "/other/", "/other/page",
		"/none", "/small.txt/under", "/../small.txt", "/%00", "/sub/../small.txt",
	} {
		for _, span := range []string{"", "bytes=0-0", "bytes=5-9", "bytes=-3", "bytes=70000-3000000", "bytes=9999999-"} {
			expected := ""
			for _, server := range []string{ours, onNet, want} {
				switch got := answer(t, server+path, span); {
				case expected == "":
					expected = got
				case got != expected:
					t.Errorf("%s, %q:\n%s\n%s", path, span, expected, got)
				}
			}
		}
	}
}

func TestEmptyDirIsThisOne(t *testing.T) {
	f, err := httpdir.Dir("").Open("/httpdir_test.go")
	if err != nil {
		t.Skip("the test runs without its source: ", err)
	}
	f.Close()
}
