package job

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A test that was running when its process ended has failed.
func TestSummary(t *testing.T) {
	got := summary(`=== RUN   TestGood
=== RUN   TestGood/sub
--- PASS: TestGood (0.01s)
    --- PASS: TestGood/sub (0.00s)
=== RUN   TestSkipped
    x_test.go:1: there is no such thing
--- SKIP: TestSkipped (0.00s)
=== RUN   TestBad
--- FAIL: TestBad (0.00s)
=== RUN   TestHangs
=== RUN   TestHangs/sub
`)
	want := Result{Passed: 1, Skipped: []string{"TestSkipped"}, Failed: []string{"TestBad", "TestHangs"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
}

const childEnv = "URINGNET_TEST_JOB"

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "hang":
		syscall.Pause()
	case "fail":
		os.Stdout.WriteString("--- FAIL: TestX (0.00s)\n")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestExecute(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, program := exe[:strings.LastIndex(exe, "/")], exe[strings.LastIndex(exe, "/")+1:]
	r, out := Run{Dir: dir, Program: program, Env: []string{childEnv + "=fail"}, Seconds: 60}.Execute()
	if r.Error != "exit status 1" || len(r.Failed) != 1 || !strings.Contains(string(out), "TestX") {
		t.Errorf("a test that fails: %+v\n%s", r, out)
	}
	// It is told to print its goroutines, as the Go runtime does, and ends.
	r, out = Run{Dir: dir, Program: program, Env: []string{childEnv + "=hang"}, Seconds: 1}.Execute()
	if !strings.Contains(r.Error, "did not end within 1 s") || !strings.Contains(string(out), "SIGQUIT") {
		t.Errorf("a program that hangs: %+v\n%s", r, out)
	}
}
