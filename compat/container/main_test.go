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

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet"
)

// childEnv names the function that this binary runs instead of the tests: a process chooses its
// backend once, and most of these conditions cannot be lifted again.
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

// command is a child that has not been started. URINGNET is unset there, so that the machine
// decides.
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

// needRings skips the test where this process has no io_uring to begin with: no other cause would
// show then. Where the kernel offers it and nobody has asked for package net, that it is missing is
// a failure.
func needRings(t *testing.T) {
	t.Helper()
	b := uringnet.Backend()
	if b.Name == "io_uring" {
		return
	}
	if os.Getenv("URINGNET") == "off" {
		t.Skip("URINGNET=off")
	}
	if err := offered(); err != nil {
		t.Skip("no io_uring here to be taken away: ", err)
	}
	t.Fatalf("the kernel has io_uring, but the backend is %v", b)
}

// offered asks the kernel, and not the library under test, for io_uring.
func offered() error {
	var uts unix.Utsname
	if err := unix.Uname(&uts); err != nil {
		return err
	}
	var major, minor int
	release := unix.ByteSliceToString(uts.Release[:])
	if _, err := fmt.Sscanf(release, "%d.%d", &major, &minor); err != nil {
		return err
	}
	if major < 6 || major == 6 && minor < 1 {
		return fmt.Errorf("Linux %s is older than 6.1", release)
	}
	// It reads its parameters, from nowhere, only if it is allowed.
	if _, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 8, 0, 0); errno != unix.EFAULT {
		return errno
	}
	return nil
}
