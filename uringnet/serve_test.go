package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/uringnet/uringnet"
)

// running is a server under test.
type running struct {
	first string // its first line of output
	addr  string
	stop  func() outcome
}

// startServe runs "serve" with args on a free port.
func startServe(t *testing.T, args ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append([]string{"serve", "-addr", "127.0.0.1:0"}, args...), in, &stderr)
		in.Close()
	}()
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("no first line: exit code %d: %s", <-code, &stderr)
	}
	rest := make(chan string, 1)
	go func() {
		b, _ := io.ReadAll(lines)
		rest <- string(b)
	}()
	t.Cleanup(cancel)
	_, addr, _ := strings.Cut(strings.TrimSpace(first), "://")
	return running{first, addr, func() outcome {
		cancel()
		return outcome{<-code, <-rest, stderr.String()}
	}}
}

func (r running) stopped(t *testing.T) {
	t.Helper()
	if got := r.stop(); got.code != exitOK || got.stdout != "stopped\n" || got.stderr != "" {
		t.Errorf("stopping gave %+v, want exit code 0", got)
	}
	if c, err := net.Dial("tcp", r.addr); err == nil {
		c.Close()
		t.Error("the address still answers")
	}
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestServeHello(t *testing.T) {
	for _, test := range []struct {
		args    []string
		backend string
	}{
		{nil, uringnet.Backend().String()},
		{[]string{"-net"}, "net (asked for by -net)"},
	} {
		r := startServe(t, test.args...)
		if want := "backend " + test.backend + "; listening on http://127.0.0.1:"; !strings.HasPrefix(r.first, want) {
			t.Errorf("first line %q, want it to begin with %q", r.first, want)
		}
		if status, body := get(t, "http://"+r.addr+"/"); status != http.StatusOK || body != "hello from uringnet\n" {
			t.Errorf("GET /: status %d, body %q", status, body)
		}
		if status, _ := get(t, "http://"+r.addr+"/absent"); status != http.StatusNotFound {
			t.Errorf("GET /absent: status %d", status)
		}
		r.stopped(t)
	}
}

func TestServeFolder(t *testing.T) {
	dir := t.TempDir()
	content := strings.Repeat("0123456789abcdef", 1<<14)
	if err := os.WriteFile(filepath.Join(dir, "file.txt"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	r := startServe(t, "-dir", dir)
	if status, body := get(t, "http://"+r.addr+"/file.txt"); status != http.StatusOK || body != content {
		t.Errorf("GET /file.txt: status %d, %d bytes, want %d", status, len(body), len(content))
	}
	if _, body := get(t, "http://"+r.addr+"/"); body != "hello from uringnet\n" {
		t.Errorf("GET /: body %q", body)
	}
	if status, _ := get(t, "http://"+r.addr+"/../../etc/passwd"); status == http.StatusOK {
		t.Error("a file outside the folder is served")
	}
	r.stopped(t)
}

func TestServeEcho(t *testing.T) {
	r := startServe(t, "-echo")
	if !strings.Contains(r.first, "listening on tcp://") {
		t.Errorf("first line %q", r.first)
	}
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	message := bytes.Repeat([]byte("ping"), 10_000)
	go c.Write(message)
	got := make([]byte, len(message))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, message) {
		t.Errorf("echo: %v, equal %v", err, bytes.Equal(got, message))
	}
	// The connection is open and silent; stopping must not wait for it.
	r.stopped(t)
	if n, err := c.Read(got); err != io.EOF {
		t.Errorf("after the end of the server: %d bytes, %v; want EOF", n, err)
	}
}

func TestServeAddressInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := runCommand(t, "serve", "-addr", ln.Addr().String())
	if got.code != exitFailure || !strings.Contains(got.stderr, "address already in use") {
		t.Errorf("exit code %d: %s", got.code, got.stderr)
	}
}
