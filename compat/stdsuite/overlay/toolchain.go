package overlay

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/uringnet/uringnet/internal/gobuild"
)

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
	t, err := gobuild.Find("")
	if err != nil {
		return nil, err
	}
	modcache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	env, err := movedGoroot(dir, t.GOROOT, strings.TrimSpace(string(modcache)))
	return &Toolchain{Release: t.Release, Env: env}, err
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
