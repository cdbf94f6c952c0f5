package gobuild

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	GOROOT  string // where the go command is to find it

	GOOS, GOARCH string // what it builds for
	GOFLAGS      string

	// Env is what go commands need in their environment so that they are this toolchain, and take
	// an overlay.
	Env map[string]string
}

// Find asks the go command in the folder dir, or the current one if that is empty, which toolchain
// it is. What Env refers to is below the folder links.
func Find(dir, links string) (*Toolchain, error) {
	names := []string{"GOVERSION", "GOROOT", "GOMODCACHE", "GOOS", "GOARCH", "GOFLAGS"}
	out, err := output(dir, nil, "go", append([]string{"env"}, names...)...)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(out), "\n")
	if len(lines) < len(names) {
		return nil, fmt.Errorf("go env says %q", out)
	}
	t := &Toolchain{Version: lines[0], GOROOT: lines[1], GOOS: lines[3], GOARCH: lines[4], GOFLAGS: lines[5]}
	if t.Release, err = releaseOf(t.Version); err != nil {
		return nil, err
	}
	t.Env, err = movedGoroot(links, t.GOROOT, lines[2])
	if moved, ok := t.Env["GOROOT"]; ok {
		t.GOROOT = moved
	}
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

// movedGoroot returns the environment for a GOROOT that the go command lets an overlay change. The
// go command refuses that below its module cache, where it keeps the toolchains that it downloads.
// A symbolic link gives such a toolchain another path.
func movedGoroot(links, goroot, modcache string) (map[string]string, error) {
	env := map[string]string{"GOTOOLCHAIN": "local"} // the overlay is for this one
	if rel, err := filepath.Rel(modcache, goroot); err == nil && !slices.Contains(strings.Split(rel, "/"), "..") {
		if err := os.MkdirAll(links, 0o777); err != nil {
			return nil, err
		}
		link := filepath.Join(links, fmt.Sprintf("goroot-%x", sha256.Sum256([]byte(goroot)))[:23])
		if to, err := os.Readlink(link); err != nil || to != goroot {
			os.Remove(link)
			if err := os.Symlink(goroot, link); err != nil && !errors.Is(err, os.ErrExist) {
				return nil, err
			}
		}
		goroot = link
		env["GOROOT"] = link
	}
	env["PATH"] = filepath.Join(goroot, "bin") + string(os.PathListSeparator) + os.Getenv("PATH")
	return env, nil
}

// Environ is the environment of this process with what the toolchain needs.
func (t *Toolchain) Environ() []string {
	env := os.Environ()
	for name, value := range t.Env {
		env = append(env, name+"="+value)
	}
	return env
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
