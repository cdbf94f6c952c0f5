package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The outcomes of a test, in the words of go test -json.
const (
	pass = "pass"
	fail = "fail"
	skip = "skip"
)

// wholePackage stands for the package's exit status where no test is to blame: a TestMain that
// finds leaked goroutines, a crash, a timeout.
const wholePackage = "(package)"

// results holds the outcome of each test and subtest of a package by name.
type results map[string]string

// failedTests returns the top-level tests that failed.
func (r results) failedTests() []string {
	return r.topLevel(func(outcome string) bool { return outcome == fail })
}

// topLevel returns the names of the top-level tests with a chosen outcome, sorted.
func (r results) topLevel(choose func(outcome string) bool) []string {
	var names []string
	for name, outcome := range r {
		if !strings.Contains(name, "/") && choose(outcome) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// replaceTest forgets a test and its subtests and takes their outcome from another run.
func (r results) replaceTest(name string, from results) {
	of := func(test string) bool { return test == name || strings.HasPrefix(test, name+"/") }
	maps.DeleteFunc(r, func(test, _ string) bool { return of(test) })
	for test, outcome := range from {
		if of(test) {
			r[test] = outcome
		}
	}
}

// runner runs go test for one side of the comparison: package net, or uringnet if it has an overlay
// or settings.
type runner struct {
	command  string    // the go command
	overlay  string    // file for -overlay, or ""
	settings []string  // of the go command, added to the environment
	env      []string  // added to the environment
	log      io.Writer // gets go test's JSON
	race     bool
	short    bool
	timeout  time.Duration
}

// event is a line of go test -json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// test runs the tests of a package whose names match pattern ("" for all). The outputs are those of
// failed tests.
func (r *runner) test(pkg, pattern string) (results, map[string]string, error) {
	args := []string{"test", "-json", "-count=1", "-vet=off", "-timeout=" + r.timeout.String()}
	if r.overlay != "" {
		args = append(args, "-overlay="+r.overlay)
	}
	if r.race {
		args = append(args, "-race")
	}
	if r.short {
		args = append(args, "-short")
	}
	if pattern != "" {
		args = append(args, "-run="+pattern)
	}
	cmd := exec.Command(r.command, append(args, pkg)...)
	cmd.Env = slices.Concat(os.Environ(), r.settings, r.env)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	res, output, err := readEvents(io.TeeReader(stdout, r.log))
	var exit *exec.ExitError
	waitErr := cmd.Wait()
	switch {
	case err != nil || waitErr == nil:
	case !errors.As(waitErr, &exit):
		err = waitErr
	case len(res) == 0:
		err = fmt.Errorf("go test ran nothing: %w", waitErr) // it has said why
	}
	return res, output, err
}

// readEvents collects the outcomes and the outputs of failed tests from go test -json.
func readEvents(from io.Reader) (results, map[string]string, error) {
	res, outputs := make(results), make(map[string]string)
	text := make(map[string]*strings.Builder)
	var build strings.Builder
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, nil, err
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, nil, fmt.Errorf("go test -json said %q: %w", line, err)
		}
		if e.Test == "" {
			e.Test = wholePackage
		}
		switch e.Action {
		case "build-output":
			build.WriteString(e.Output)
		case "build-fail":
			return nil, nil, fmt.Errorf("the tests do not compile:\n%s", build.String())
		case "output":
			if text[e.Test] == nil {
				text[e.Test] = new(strings.Builder)
			}
			text[e.Test].WriteString(e.Output)
		case fail:
			if b := text[e.Test]; b != nil {
				outputs[e.Test] = b.String()
			}
			res[e.Test] = fail
		case pass, skip:
			res[e.Test] = e.Action
			delete(text, e.Test)
		}
	}
	blamePackage(res)
	return res, outputs, nil
}

// blamePackage keeps the outcome of the package only if it failed although no test did.
func blamePackage(res results) {
	if res[wholePackage] != fail || len(res.failedTests()) > 1 {
		delete(res, wholePackage)
	}
}

// completeAfterCrash runs those of the wanted tests that have no outcome yet, since one test's
// panic ends the whole process. It stops when a round makes no progress.
func (r *runner) completeAfterCrash(pkg string, wanted []string, res results, outputs map[string]string) error {
	for left := len(wanted) + 1; ; {
		var missing []string
		for _, name := range wanted {
			if _, ok := res[name]; !ok && name != wholePackage {
				missing = append(missing, name)
			}
		}
		if len(missing) == 0 || len(missing) == left {
			return nil
		}
		left = len(missing)
		more, out, err := r.test(pkg, exactly(missing...))
		if err != nil {
			return err
		}
		delete(more, wholePackage) // this run's, not the package's
		maps.Copy(outputs, out)
		maps.Copy(res, more)
	}
}

// retry runs each of the named tests alone, up to attempts times, until it passes. It returns those
// that passed: the flaky ones.
func (r *runner) retry(pkg string, names []string, attempts int, res results, outputs map[string]string) ([]string, error) {
	var flaky []string
	for _, name := range names {
		pattern := exactly(name)
		if name == wholePackage {
			pattern = ""
		}
		for range attempts {
			again, out, err := r.test(pkg, pattern)
			if err != nil {
				return nil, err
			}
			if again.failed(name) {
				maps.Copy(outputs, out)
				continue
			}
			flaky = append(flaky, name)
			res.replaceTest(name, again)
			break
		}
	}
	return flaky, nil
}

// failed reports whether a test failed in a run made for it. A package's run is good if nothing
// failed.
func (r results) failed(name string) bool {
	if name == wholePackage {
		return len(r.failedTests()) > 0
	}
	return r[name] != pass && r[name] != skip
}

// exactly returns a pattern for -run that matches the given top-level tests and nothing else.
func exactly(names ...string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	return "^(" + strings.Join(quoted, "|") + ")$"
}
