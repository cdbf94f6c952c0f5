package peers

import (
	"bytes"
	"fmt"
	"net"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/uringnet/uringnet"
)

// nginxConf runs nginx in the foreground with one worker and all its files in one directory.
const nginxConf = `
USER
daemon off;
worker_processes 1;
pid DIR/pid;
error_log DIR/error.log warn;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
	client_max_body_size 0;
	upstream backend { server BACKEND; keepalive 8; }
	server {
		listen ADDRESS;
		proxy_http_version 1.1;
		proxy_set_header Connection "";
		location /file/ { alias DIR/files/; sendfile on; dav_methods PUT; }
		location / { proxy_pass SCHEME://backend; }
		location /streamed/ { proxy_pass SCHEME://backend/; proxy_buffering off; proxy_request_buffering off; }
		location /hurried/ { proxy_pass SCHEME://backend/; proxy_set_header Connection close; }
	}
}
`

// nginx is a running nginx.
type nginx struct {
	dir  string
	addr string
}

// startNginx runs nginx until the end of the test; what it does not find in its files, it fetches
// from backend. nginx inherits its listening socket, as in an upgrade of its binary, so that no
// port is raced for and the first connection needs not wait until nginx is up.
func startNginx(t *testing.T, scheme, backend string) *nginx {
	t.Helper()
	binary := tool(t, "nginx", "nginx")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	n := &nginx{dir: t.TempDir(), addr: l.Addr().String()}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // the worker must reach the directory of this test
	}
	conf := strings.NewReplacer("DIR", n.dir, "BACKEND", backend, "ADDRESS", n.addr, "SCHEME", scheme,
		"USER", user).Replace(nginxConf)
	file := filepath.Join(n.dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(n.dir, "files"), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-c", file, "-e", filepath.Join(n.dir, "error.log"))
	cmd.Env = append(os.Environ(), "NGINX=3;") // the descriptor of ExtraFiles[0]
	cmd.ExtraFiles = []*os.File{socket}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} // ends the worker, too
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		err := cmd.Wait()
		if log, _ := os.ReadFile(filepath.Join(n.dir, "error.log")); t.Failed() || err != nil {
			t.Logf("nginx: %v\n%s%s", err, said.String(), log)
		}
	})
	return n
}

// each calls f for all sizes of bodies, from several goroutines at a time.
func each(t *testing.T, f func(n int64) error) {
	t.Helper()
	const workers = 4
	errs := make(chan error, workers)
	for w := range workers {
		go func() {
			var err error
			all := sizes
			if w == 0 {
				all = append(all[:len(all):len(all)], large)
			}
			for _, n := range all {
				if err = f(n); err != nil {
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

// TestNginxAsClient puts nginx in front of a server on uringnet.
func TestNginxAsClient(t *testing.T) {
	tool(t, "nginx", "nginx")
	socket := filepath.Join(t.TempDir(), "s")
	for _, tc := range []struct {
		name, scheme, backend string
		server                *server
	}{
		{"TCP", "http", "", startTCP(t)},
		{"TLS", "https", "", startTLS(t)},
		{"Unix", "http", "unix:" + socket, start(t, "unix", socket, false)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.backend == "" {
				tc.backend = tc.server.Listener.Addr().String()
			}
			n := startNginx(t, tc.scheme, tc.backend)
			for _, path := range []string{"/", "/streamed/", "/hurried/"} {
				t.Run(path, func(t *testing.T) {
					c, url := client(t, "", ""), "http://"+n.addr+path
					each(t, func(n int64) error { return get(c, fmt.Sprint(url, "bytes/", n), n) })
					each(t, func(n int64) error { return send(c, "POST", url+"sum", n) })
				})
			}
			t.Logf("%d requests over %d connections from nginx", tc.server.requests.Load(), tc.server.connections.Load())
		})
	}
}

// TestNginxAsBackend puts a ReverseProxy on uringnet in front of nginx, which serves and stores
// files.
func TestNginxAsBackend(t *testing.T) {
	n := startNginx(t, "http", "127.0.0.1:9") // it fetches nothing
	for _, size := range append(sizes, large) {
		b := new(bytes.Buffer)
		b.ReadFrom(content(size))
		if err := os.WriteFile(filepath.Join(n.dir, "files", fmt.Sprint(size)), b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: n.addr})
	proxy.Transport = client(t, "", "").Transport
	front := startProxy(t, proxy)
	c := client(t, "", "")
	each(t, func(size int64) error { return get(c, fmt.Sprint(front, "/file/", size), size) })
	each(t, func(size int64) error { return send(c, "PUT", fmt.Sprint(front, "/file/put-", size), size) })
	for _, size := range append(sizes, large) {
		f, err := os.Open(filepath.Join(n.dir, "files", fmt.Sprint("put-", size)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := sum(f)
		f.Close()
		if err != nil || got != wantSum(size) {
			t.Errorf("nginx stored %d bytes with SHA-256 %s, want %s; %v", size, got, wantSum(size), err)
		}
	}
	// A call waits on a ring, or in the runtime's poller.
	if s := uringnet.ReadStats().Total(); uringnet.Backend().Name == "io_uring" && s.CQEs+s.Watched == 0 {
		t.Error("no call has waited in uringnet")
	}
}
