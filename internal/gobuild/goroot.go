package gobuild

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	//go:embed std/sched.go.txt
	schedSource string
)

// stdFiles returns what the standard library gets, by paths in GOROOT/src.
func (t *Toolchain) stdFiles(from source) (map[string]string, error) {
	files, err := copyPackages(from)
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
	files[stdPrefix+"sched/begin.go"] = schedSource
	return files, nil
}

// Patched returns a GOROOT below the folder cache that is the toolchain's with uringnet in its
// standard library, and makes it if it is not there. Its name follows from the toolchain and from
// uringnet's source: the same build finds the same files.
func (t *Toolchain) Patched(cache string) (goroot string, err error) {
	from, err := findSource()
	if err != nil {
		return "", err
	}
	files, err := t.stdFiles(from)
	if err != nil {
		return "", err
	}
	command, err := os.Stat(filepath.Join(t.GOROOT, "bin", "go"))
	if err != nil {
		return "", err
	}
	h := sha256.New()
	// A toolchain that was installed anew has another time, if not another version.
	fmt.Fprintf(h, "%q %v %d\n", t.GOROOT, command.ModTime().UTC(), command.Size())
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%q %q\n", name, files[name])
	}
	goroot = filepath.Join(cache, fmt.Sprintf("%s-%x", t.Version, h.Sum(nil)[:10]))
	if isComplete(goroot, files) {
		return goroot, nil
	}
	if err := os.MkdirAll(cache, 0o777); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(cache, "new-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	if err := t.copyTo(temp, files); err != nil {
		return "", err
	}
	if err := os.Rename(temp, goroot); err == nil || isComplete(goroot, files) { // by another process
		return goroot, nil
	}
	if err := os.RemoveAll(goroot); err != nil { // somebody has cleaned up, but not everything
		return "", err
	}
	return goroot, os.Rename(temp, goroot)
}

// isComplete reports whether a GOROOT has all of the files, with their sizes: what they say is in
// its name.
func isComplete(goroot string, files map[string]string) bool {
	for name, text := range files {
		info, err := os.Stat(filepath.Join(goroot, "src", filepath.FromSlash(name)))
		if err != nil || info.Size() != int64(len(text)) {
			return false
		}
	}
	return true
}

// copyTo makes the folder a GOROOT. It has the source of the standard library, since the go command
// follows no symbolic link when it looks for packages, and links to all else.
func (t *Toolchain) copyTo(goroot string, files map[string]string) error {
	if err := os.Chmod(goroot, 0o755); err != nil {
		return err
	}
	if err := linkEntries(t.GOROOT, goroot, "src"); err != nil {
		return err
	}
	src, err := filepath.EvalSymlinks(filepath.Join(t.GOROOT, "src")) // some systems keep it elsewhere
	if err != nil {
		return err
	}
	err = filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		to := filepath.Join(goroot, "src", name)
		_, isOurs := files[filepath.ToSlash(name)]
		switch {
		case isOurs:
			return nil
		case d.IsDir() && (d.Name() == "testdata" || name == "cmd"):
			if err := os.Symlink(path, to); err != nil {
				return err
			}
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case d.Type() == fs.ModeSymlink:
			return os.Symlink(path, to)
		}
		return copyFile(path, to)
	})
	if err != nil {
		return err
	}
	for name, text := range files {
		to := filepath.Join(goroot, "src", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// linkEntries links all entries of a folder but one into another folder.
func linkEntries(from, to, but string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == but {
			continue
		}
		if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// copyFile gives a file another name, or copies it where it cannot have two.
func copyFile(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
