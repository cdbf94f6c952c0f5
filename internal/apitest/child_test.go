package apitest

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// childEnv names the function that this binary runs instead of the tests. Whatever decides
// something for the whole life of a process, or ruins it, is tested in a child.
const childEnv = "URINGNET_TEST_CHILD"

// children holds those functions; the files that need a child add theirs.
var children = map[string]func() error{}

func runChild(name string) int {
	f, ok := children[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "no child %q\n", name)
		return 2
	}
	time.AfterFunc(hang/2, func() {
		fmt.Fprintf(os.Stderr, "child %s hangs\n%s", name, dump())
		os.Exit(3)
	})
	if err := f(); err != nil {
		fmt.Fprintf(os.Stderr, "child %s: %v\n", name, err)
		return 1
	}
	return 0
}

// child runs the function of that name in a process of its own, with env added to the environment,
// and returns what it printed.
func child(t *testing.T, name string, env ...string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("child %s %v: %v\n%s", name, env, err, out)
	}
	return string(out)
}
