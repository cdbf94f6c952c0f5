package gobuild

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

const modulePath = "github.com/uringnet/uringnet"

// SourceName is the environment variable that names a checkout of uringnet to build in.
const SourceName = "URINGNET_SOURCE"

// dependencies are the modules whose packages uringnet's sockets import.
var dependencies = []string{"golang.org/x/sys", "github.com/iceber/iouring-go"}

// source is where the files of modules are, by the modules' paths.
type source map[string]string

// findSource looks for uringnet's own files: where URINGNET_SOURCE says, where this program was
// built from, or in the module cache.
func findSource() (source, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	s := source{modulePath: root}
	// The folder's go.mod chooses the versions, and its go.sum vouches for them.
	dirs, err := download(root, dependencies...)
	if err != nil {
		return nil, fmt.Errorf("what uringnet depends on: %w", err)
	}
	for i, path := range dependencies {
		s[path] = dirs[i]
	}
	return s, nil
}

func findRoot() (string, error) {
	if dir := os.Getenv(SourceName); dir != "" {
		dir, err := filepath.Abs(dir)
		if err == nil && !isRoot(dir) {
			err = fmt.Errorf("%s=%s is no checkout of %s", SourceName, dir, modulePath)
		}
		return dir, err
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		if dir := filepath.Dir(filepath.Dir(filepath.Dir(file))); isRoot(dir) {
			return dir, nil
		}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Path != modulePath || !strings.HasPrefix(info.Main.Version, "v") {
		return "", fmt.Errorf("the source of uringnet is not where it was: set %s to a checkout of it", SourceName)
	}
	dirs, err := download("", modulePath+"@"+info.Main.Version)
	if err != nil {
		return "", fmt.Errorf("the source of uringnet: %w; or set %s to a checkout of it", err, SourceName)
	}
	return dirs[0], nil
}

// isRoot reports whether a folder has a version of uringnet that knows of whole programs.
func isRoot(dir string) bool {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil || !bytes.HasPrefix(mod, []byte("module "+modulePath+"\n")) {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, "internal", "whole"))
	return err == nil
}

// download returns where the module cache has modules, which it gets if need be, by the go.mod of a
// folder or, where that is empty, by the versions in their names.
func download(dir string, modules ...string) ([]string, error) {
	if dir == "" {
		dir = os.TempDir() // where no go.mod is asked
	}
	env := append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := output(dir, env, "go", append([]string{"mod", "download", "-json"}, modules...)...)
	if err != nil {
		return nil, errors.Join(err, errors.New(string(out)))
	}
	var dirs []string
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Dir string }
		if err := dec.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go mod download -json: %w", err)
		}
		dirs = append(dirs, m.Dir)
	}
	if len(dirs) != len(modules) {
		return nil, fmt.Errorf("go mod download -json names %d modules of %d", len(dirs), len(modules))
	}
	return dirs, nil
}
