package overlay

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRewriteTest(t *testing.T) {
	tests := []struct{ name, importPath, in, want string }{
		{"assertion", "net/http", "package http_test\n\nvar c = x.(*net.TCPConn)", "x.(net.UringTCPConn)"},
		{"parameter", "net/http/httputil", "package httputil\n\nfunc f(l *net.UnixListener) {}", "(l net.UringUnixListener)"},
		{"other types stay", "net/http", "package http_test\n\nvar c = x.(*net.UDPConn)", "x.(*net.UDPConn)"},
		{"a product is no type", "net", "package net\n\nvar c = a * TCPConn", "a * TCPConn"},
		{"inside net", "net", "package net\n\nfunc f() { switch x.(type) { case *UnixConn: } }", "case UringUnixConn:"},
		{"port", "net", "package net\n\nvar p = g(l.(*TCPListener).port())", "g(uringPort(l))"},
		{"fd", "net", "package net\n\nvar fd = l.(*TCPListener).fd", "= uringFD(l)"},
		{"net's own hooks stay", "net", "package net\n\nvar h = func() (*TCPConn, error) { return &TCPConn{}, nil }", "(*TCPConn, error)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := rewriteTest("go1.26", tt.importPath, "x_test.go", tt.in)
			if err != nil || !strings.Contains(got, tt.want) {
				t.Fatalf("rewriteTest = %q, %v; want it to contain %q", got, err, tt.want)
			}
		})
	}
}

// TestBuild compiles package net's and net/http's tests under the overlay: every patch fits this Go
// release.
func TestBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles the standard library's tests")
	}
	dir := t.TempDir()
	toolchain, err := Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range toolchain.Env {
		t.Setenv(name, value)
	}
	pkgs, err := List("net", "net/http")
	if err != nil {
		t.Fatal(err)
	}
	file, err := toolchain.Build(dir, pkgs)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		bin := filepath.Join(dir, filepath.Base(p.ImportPath)+".test")
		out, err := exec.Command("go", "test", "-c", "-vet=off", "-overlay", file, "-o", bin, p.ImportPath).CombinedOutput()
		if err != nil {
			t.Errorf("tests of %s: %v\n%s", p.ImportPath, err, out)
		}
	}
}

// A toolchain in the module cache gets another path, any other stays where it is.
func TestMovedGoroot(t *testing.T) {
	dir := t.TempDir()
	for _, goroot := range []string{"/usr/local/go", "/home/pkg/modern/go", "/home"} {
		if env, err := movedGoroot(dir, goroot, "/home/pkg/mod"); err != nil || env != nil {
			t.Errorf("movedGoroot of %s = %v, %v; want nil", goroot, env, err)
		}
	}
	env, err := movedGoroot(dir, dir+"/mod/golang.org/toolchain@v0", dir+"/mod")
	if err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(env["GOROOT"]); err != nil || to != dir+"/mod/golang.org/toolchain@v0" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}
