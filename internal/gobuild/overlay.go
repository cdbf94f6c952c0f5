package gobuild

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

var (
	//go:embed std/poll.go.txt
	pollSource string
	//go:embed std/net.go.txt
	netSource string
	//go:embed std/closed.go.txt
	closedSource string
)

// overlay is the content of the file that -overlay names: from the path that the go command would
// read to the path that it reads. An empty path hides the file.
type overlay struct{ Replace map[string]string }

// stdFiles returns what is to be in the standard library, by paths in GOROOT/src.
func (t *Toolchain) stdFiles(from source) (map[string]string, error) {
	files, err := copyPackages(from, t.GOARCH)
	if err != nil {
		return nil, err
	}
	for name, patches := range stdPatches {
		text, err := os.ReadFile(filepath.Join(t.GOROOT, "src", filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		if files[name], err = Apply(string(text), patches); err != nil {
			return nil, fmt.Errorf("%s has another %s than this version of uringnet knows: %w\n"+
				"use a newer version of uringnet, another release of Go, or the go command itself",
				t.Version, name, err)
		}
	}
	files["internal/poll/uringnet.go"] = pollSource
	files["net/uringnet.go"] = netSource
	files[stdPrefix+"socket/closed.go"] = closedSource
	return files, nil
}

// Overlay writes the overlay below the folder cache, and returns its name for the flag -overlay.
// What it says and refers to follows from the toolchain and from uringnet's source, and stays: the
// same build finds the same files.
func (t *Toolchain) Overlay(cache string) (string, error) {
	from, err := findSource()
	if err != nil {
		return "", err
	}
	files, err := t.stdFiles(from)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %q\n", name, files[name])
	}
	dir := filepath.Join(cache, fmt.Sprintf("%s-%s-%x", t.Version, t.GOARCH, h.Sum(nil)[:10]))
	src := filepath.Join(t.GOROOT, "src")
	replace := make(map[string]string)
	for name := range files {
		name = filepath.FromSlash(name)
		replace[filepath.Join(src, name)] = filepath.Join(dir, name)
	}
	if err := writeOnce(dir, files); err != nil {
		return "", err
	}
	return writeOverlay(cache, overlay{replace})
}

// writeOverlay writes an overlay into a file whose name follows from what it says.
func writeOverlay(cache string, o overlay) (string, error) {
	text, err := json.MarshalIndent(o, "", "\t")
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("overlay-%x.json", sha256.Sum256(text))[:28] + ".json"
	path := filepath.Join(cache, name)
	if has, err := os.ReadFile(path); err == nil && bytes.Equal(has, text) {
		return path, nil
	}
	if err := os.MkdirAll(cache, 0o777); err != nil {
		return "", err
	}
	temp, err := os.CreateTemp(cache, "new-*")
	if err != nil {
		return "", err
	}
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		os.Remove(temp.Name())
	}
	return path, err
}

// writeOnce writes files into a folder that appears as a whole, unless it is there.
func writeOnce(dir string, files map[string]string) error {
	if isComplete(dir, files) {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(parent, "new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	for name, text := range files {
		path := filepath.Join(temp, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			return err
		}
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	if err := os.Rename(temp, dir); err == nil || isComplete(dir, files) { // perhaps by another process
		return nil
	}
	if err := os.RemoveAll(dir); err != nil { // somebody has cleaned up, but not everything
		return err
	}
	return os.Rename(temp, dir)
}

// isComplete reports whether all files are in the folder, with their sizes: what they say is in its
// name.
func isComplete(dir string, files map[string]string) bool {
	for name, text := range files {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || info.Size() != int64(len(text)) {
			return false
		}
	}
	return true
}

// mergeOverlay writes the overlay of two, which must not replace the same file. Paths in the second
// are relative to dir, as the go command has it.
func mergeOverlay(cache, ours, theirs, dir string) (string, error) {
	o, err := readOverlay(ours, "")
	if err != nil {
		return "", err
	}
	other, err := readOverlay(theirs, dir)
	if err != nil {
		return "", err
	}
	for from, to := range other.Replace {
		if _, both := o.Replace[from]; both {
			return "", fmt.Errorf("the overlay %s replaces %s, and so does uringnet: only one can", theirs, from)
		}
		o.Replace[from] = to
	}
	return writeOverlay(cache, o)
}

func readOverlay(name, dir string) (overlay, error) {
	absolute := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	var o overlay
	text, err := os.ReadFile(absolute(name))
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return o, fmt.Errorf("overlay %s: %w", name, err)
	}
	replace := make(map[string]string)
	for from, to := range o.Replace {
		replace[filepath.Clean(absolute(from))] = absolute(to)
	}
	return overlay{replace}, nil
}
