package thirdparty

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The outcomes of a test, in the words of go test -json.
const (
	pass    = "pass"
	fail    = "fail"
	skip    = "skip"
	missing = "missing" // it did not run to its end
)

// test names a test or subtest; with an empty name, the package's exit status.
type test struct{ pkg, name string }

// top is the test that -run can choose.
func (t test) top() test {
	name, _, _ := strings.Cut(t.name, "/")
	return test{t.pkg, name}
}

func (t test) String() string { return strings.TrimSpace(t.pkg + " " + t.name) }

// outcomes holds what the tests of a run did, and what the failed ones printed.
type outcomes struct {
	of   map[test]string
	said map[test]string
}

func (o *outcomes) get(t test) string {
	if outcome, ok := o.of[t]; ok {
		return outcome
	}
	return missing
}

// add takes over the outcomes of another run, where a test that ran again replaces its former self.
func (o *outcomes) add(again *outcomes, replaces func(test) bool) {
	maps.DeleteFunc(o.of, func(t test, _ string) bool { return replaces(t) })
	for t, outcome := range again.of {
		if replaces(t) {
			o.of[t], o.said[t] = outcome, again.said[t]
		}
	}
}

// suite runs a module's tests on one side of the comparison.
type suite struct {
	*workspace
	overlay string   // file for -overlay, or "" for plain net
	env     []string // added to the environment
	timeout time.Duration
}

// run tests packages; pattern "" means all tests.
func (s *suite) run(pattern string, pkgs ...string) (*outcomes, error) {
	args := []string{"test", "-json", "-count=1", "-vet=off", "-timeout=" + s.timeout.String()}
	if s.overlay != "" {
		args = append(args, "-overlay="+s.overlay)
	}
	if pattern != "" {
		args = append(args, "-run="+pattern)
	}
	if s.skip != "" {
		args = append(args, "-skip="+s.skip)
	}
	cmd := s.command(append(args, pkgs...)...)
	cmd.Env = append(cmd.Env, s.env...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	o, err := readEvents(stdout)
	var exit *exec.ExitError
	if waitErr := cmd.Wait(); waitErr != nil && !errors.As(waitErr, &exit) {
		err = errors.Join(err, waitErr)
	}
	return o, err
}

// retry runs the named tests of a package again, up to twice, without the rest of the package; it
// returns those that passed then. A test without a name stands for the whole package.
func (s *suite) retry(pkg string, tests []test, o *outcomes) (passed []test, err error) {
	for range 2 {
		var names []string
		for _, t := range tests {
			if t.name == "" {
				names = []string{".*"}
				break
			}
			names = append(names, regexp.QuoteMeta(t.name))
		}
		if len(names) == 0 {
			break
		}
		again, err := s.run("^("+strings.Join(names, "|")+")$", pkg)
		if err != nil {
			return nil, err
		}
		tests = slices.DeleteFunc(tests, func(t test) bool {
			got := again.get(t)
			if got != pass && got != skip {
				return false
			}
			o.add(again, func(other test) bool {
				return other == t || other.top() == t || t.name == "" && other.pkg == pkg
			})
			passed = append(passed, t)
			return true
		})
	}
	return passed, nil
}

// readEvents reads the lines of go test -json.
func readEvents(from io.Reader) (*outcomes, error) {
	o := &outcomes{of: make(map[test]string), said: make(map[test]string)}
	var build, said strings.Builder
	text := make(map[test]*strings.Builder) // gRPC's tests say megabytes, line by line
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		var e struct{ Action, Package, Test, Output string }
		if json.Unmarshal(line, &e) != nil {
			said.Write(line) // the go command's own complaint
			continue
		}
		t := test{e.Package, e.Test}
		switch e.Action {
		case "build-output":
			build.WriteString(e.Output)
		case "build-fail":
			return nil, fmt.Errorf("the tests do not compile:\n%s", build.String())
		case "output":
			if text[t] == nil {
				text[t] = new(strings.Builder)
			}
			text[t].WriteString(e.Output)
		case pass, fail, skip:
			o.of[t] = e.Action
			if b := text[t]; b != nil && e.Action == fail {
				o.said[t] = b.String()
			}
			delete(text, t)
		}
	}
	if len(o.of) == 0 {
		return nil, fmt.Errorf("go test ran nothing:\n%s%s", said.String(), build.String())
	}
	return o, nil
}
