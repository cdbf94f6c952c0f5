package overlay

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// releases are those of Go whose sources the patches fit.
var releases = []string{"go1.26", "go1.27"}

// Toolchain is the Go toolchain that this process's go commands run.
type Toolchain struct {
	// Release is the language version, such as "go1.27".
	Release string
	// Env is what the go commands need in their environment so that they take the overlay.
	Env map[string]string
}

// Find asks the go command which toolchain it is. It refuses a release that nobody has tried yet.
// What Env refers to is in dir.
func Find(dir string) (*Toolchain, error) {
	out, err := exec.Command("go", "env", "GOVERSION", "GOROOT", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	lines := strings.Split(string(out), "\n")
	if len(lines) < 3 {
		return nil, fmt.Errorf("go env says %q", out)
	}
	release, err := releaseOf(lines[0])
	if err != nil {
		return nil, err
	}
	env, err := movedGoroot(dir, lines[1], lines[2])
	return &Toolchain{Release: release, Env: env}, err
}

// releaseOf returns the release of a GOVERSION such as go1.27.3 or go1.27rc1.
func releaseOf(version string) (string, error) {
	for _, r := range releases {
		rest, ok := strings.CutPrefix(version, r)
		if ok && (rest == "" || !strings.ContainsRune("0123456789", rune(rest[0]))) {
			return r, nil
		}
	}
	return "", fmt.Errorf("this is %s; the overlay is made for the standard library of %s, "+
		"see releases in compat/stdsuite/overlay", version, strings.Join(releases, " and "))
}

// movedGoroot returns the environment for a GOROOT that the go command lets an overlay change. The
// go command refuses that below its module cache, where it keeps the toolchains that it downloads.
// A symbolic link in dir gives such a toolchain another path.
func movedGoroot(dir, goroot, modcache string) (map[string]string, error) {
	if rel, err := filepath.Rel(modcache, goroot); err != nil || slices.Contains(strings.Split(rel, "/"), "..") {
		return nil, nil
	}
	link := filepath.Join(dir, "goroot")
	if err := os.Symlink(goroot, link); err != nil {
		return nil, err
	}
	return map[string]string{
		"GOROOT":      link,
		"GOTOOLCHAIN": "local", // the go command of the link is the one that was chosen
		"PATH":        filepath.Join(link, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
	}, nil
}
