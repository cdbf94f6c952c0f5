//go:build linux

package container

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

// childEnv names the function that this binary runs instead of the tests: a process chooses its backend once, and
// most of these conditions cannot be lifted again.
const childEnv = "URINGNET_CONTAINER_CHILD"

var children = map[string]func() error{}

// hang ends what would never end by itself; no test is decided by how long something takes.
const hang = time.Minute

func TestMain(m *testing.M) {
	name := os.Getenv(childEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	if name != guard { // which must not end before it has set back what it changed
		time.AfterFunc(hang, func() {
			fmt.Fprintln(os.Stderr, "child hangs:", name)
			os.Exit(3)
		})
	}
	if err := children[name](); err != nil {
		fmt.Fprintf(os.Stderr, "child %s: %v\n", name, err)
		os.Exit(1)
	}
}

// command is a child that has not been started. URINGNET is unset there, so that the machine decides.
func command(t *testing.T, name string, env ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	// The race detector would sleep for a second at the end of each child.
	cmd.Env = append(os.Environ(), "URINGNET=", "GORACE=atexit_sleep_ms=0", childEnv+"="+name)
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// child runs a child that ends by serving, and returns the backend that it served with.
func child(t *testing.T, name string, env ...string) uringnet.BackendInfo {
	t.Helper()
	cmd := command(t, name, env...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("child %s %v: %v\n%s%s", name, env, err, out, said.String())
	}
	return parse(t, string(out))
}

// parse reads what a child prints that serves.
func parse(t *testing.T, out string) uringnet.BackendInfo {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(out))
	b := backendLine(t, lines)
	servedLine(t, lines, b)
	return b
}

func backendLine(t *testing.T, out *bufio.Scanner) (b uringnet.BackendInfo) {
	t.Helper()
	if !out.Scan() || json.Unmarshal(out.Bytes(), &b) != nil {
		t.Fatalf("the child does not name its backend: %q, %v", out.Text(), out.Err())
	}
	return b
}

func servedLine(t *testing.T, out *bufio.Scanner, b uringnet.BackendInfo) {
	t.Helper()
	if !out.Scan() || out.Text() != "served" {
		t.Fatalf("the child did not serve with %v: %q, %v", b, out.Text(), out.Err())
	}
}

// expect fails the test unless the backend is the named one, and its reason holds all of words.
func expect(t *testing.T, b uringnet.BackendInfo, name string, words ...string) {
	t.Helper()
	t.Log(b)
	if b.Name != name {
		t.Errorf("the backend is %v, want %s", b, name)
	}
	for _, w := range words {
		if !strings.Contains(b.Reason, w) {
			t.Errorf("the reason is %q, want one that names %q", b.Reason, w)
		}
	}
}

// needRings skips the test where this process has no io_uring to begin with: no other cause would show then.
func needRings(t *testing.T) {
	t.Helper()
	if b := uringnet.Backend(); b.Name != "io_uring" {
		t.Skip("no io_uring here to be taken away:", b)
	}
}
