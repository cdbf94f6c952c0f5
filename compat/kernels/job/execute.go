package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Execute runs the program to its end, and returns what it printed too. One that takes too long
// gets SIGQUIT, upon which a Go program prints its goroutines, and is killed some time later.
func (r Run) Execute() (Result, []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.Seconds)*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.Dir+"/"+r.Program, r.Args...)
	cmd.Dir = r.Dir
	cmd.Env = append([]string{"HOME=/", "PATH=/", "TMPDIR=/tmp"}, r.Env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }
	cmd.WaitDelay = 30 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Run()
	result := summary(out.String())
	result.Seconds = time.Since(start).Seconds()
	if ctx.Err() != nil {
		err = errors.Join(fmt.Errorf("it did not end within %d s", r.Seconds), err)
	}
	if err != nil {
		result.Error = err.Error()
	}
	return result, out.Bytes()
}

// summary counts the tests in the output of go test -v. A test without an end is the one that was
// running when the process ended.
func summary(out string) Result {
	r := Result{Skipped: []string{}, Failed: []string{}}
	running := map[string]bool{}
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		switch {
		case len(words) >= 3 && strings.HasPrefix(line, "=== RUN") && !strings.Contains(words[2], "/"):
			running[words[2]] = true
		case len(words) >= 3 && strings.HasPrefix(line, "--- "):
			delete(running, words[2])
			switch words[1] {
			case "PASS:":
				r.Passed++
			case "SKIP:":
				r.Skipped = append(r.Skipped, words[2])
			case "FAIL:":
				r.Failed = append(r.Failed, words[2])
			}
		}
	}
	for name := range running {
		r.Failed = append(r.Failed, name)
	}
	slices.Sort(r.Failed)
	return r
}
