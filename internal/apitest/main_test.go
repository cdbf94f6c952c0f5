package apitest

import (
	"fmt"
	"os"
	"testing"
)

// TestMain runs the tests, or one child's function where a test has executed this binary again, and
// fails the run when it leaves a goroutine, a file descriptor or an operation behind. Every test
// that calls begin has looked already; this catches those that do not, and what shows only after
// all of them.
func TestMain(m *testing.M) {
	if name := os.Getenv(childEnv); name != "" {
		os.Exit(runChild(name))
	}
	before := takeSnapshot()
	code := m.Run()
	if left := before.settle(); left != "" {
		fmt.Fprintf(os.Stderr, "FAIL: left behind by the tests:\n%s\n%s", left, dump())
		code = 1
	}
	os.Exit(code)
}
