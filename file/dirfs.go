package file

import (
	"io/fs"
	"os"
	"path/filepath"
)

// DirFS is [os.DirFS] whose files are those of this package. It implements [fs.ReadFileFS],
// [fs.StatFS], [fs.ReadDirFS] and [fs.ReadLinkFS].
func DirFS(dir string) fs.FS { return dirFS{dir, os.DirFS(dir).(osDirFS)} }

// osDirFS is what os.DirFS returns.
type osDirFS interface {
	fs.ReadFileFS
	fs.StatFS
	fs.ReadDirFS
	fs.ReadLinkFS
}

type dirFS struct {
	dir string
	osDirFS
}

func (d dirFS) Open(name string) (fs.File, error) {
	full, ok := d.full(name)
	if !ok {
		return d.osDirFS.Open(name) // it says what is wrong
	}
	f, err := Open(full)
	if err != nil {
		return nil, inside(err, name)
	}
	return f, nil
}

func (d dirFS) ReadFile(name string) ([]byte, error) {
	full, ok := d.full(name)
	if !ok {
		return d.osDirFS.ReadFile(name)
	}
	data, err := ReadFile(full)
	if err != nil {
		return nil, inside(err, name)
	}
	return data, nil
}

// full is the name of a file outside of the file system.
func (d dirFS) full(name string) (string, bool) {
	local, err := filepath.Localize(name)
	if err != nil || d.dir == "" {
		return "", false
	}
	if os.IsPathSeparator(d.dir[len(d.dir)-1]) {
		return d.dir + local, true
	}
	return d.dir + string(os.PathSeparator) + local, true
}

// inside is err with the name that the file has in the file system.
func inside(err error, name string) error {
	if e, ok := err.(*fs.PathError); ok {
		e.Path = name
	}
	return err
}
