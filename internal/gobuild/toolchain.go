package gobuild

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// releases are those of Go whose sources the patches fit.
var releases = []string{"go1.26", "go1.27"}

// ErrRelease is in the error chain of Find if nobody has tried the release of Go yet.
var ErrRelease = errors.New("not a release of Go that this version of uringnet knows")

// Toolchain is the Go toolchain that go commands in some folder run.
type Toolchain struct {
	Version string // such as "go1.27.3"
	Release string // such as "go1.27"
	GOROOT  string
	GOOS    string // what it builds for
	GOFLAGS string
}

// Find asks the go command in the folder dir, or the current one if that is empty, which toolchain
// it is.
func Find(dir string) (*Toolchain, error) {
	names := []string{"GOVERSION", "GOROOT", "GOOS", "GOFLAGS"}
	out, err := output(dir, nil, "go", append([]string{"env"}, names...)...)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(out), "\n")
	if len(lines) < len(names) {
		return nil, fmt.Errorf("go env says %q", out)
	}
	t := &Toolchain{Version: lines[0], GOROOT: lines[1], GOOS: lines[2], GOFLAGS: lines[3]}
	t.Release, err = releaseOf(t.Version)
	return t, err
}

// releaseOf returns the release of a GOVERSION such as go1.27.3 or go1.27rc1.
func releaseOf(version string) (string, error) {
	for _, r := range releases {
		rest, ok := strings.CutPrefix(version, r)
		if ok && (rest == "" || !strings.ContainsRune("0123456789", rune(rest[0]))) {
			return r, nil
		}
	}
	return "", fmt.Errorf("%s is %w, which are %s", version, ErrRelease, strings.Join(releases, " and "))
}

// output runs a command in a folder and returns what it prints. The error tells what it says on
// standard error.
func output(dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
