package gobuild

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// stdPrefix is where the copies are in the standard library.
const stdPrefix = "internal/uringnet/"

// copied is a package that the standard library gets a copy of.
type copied struct {
	module, folder string
	to             string   // its import path below stdPrefix
	files          []string // those to copy; all if empty
}

func (c copied) importPath() string { return path.Join(c.module, c.folder) }

// copiedPackages are all that package net is to import. Of internal/socket these are the files of a
// Borrowed socket: the others import package net.
var copiedPackages = []copied{
	{modulePath, "internal/whole", "whole", nil},
	{modulePath, "internal/choice", "choice", nil},
	{modulePath, "internal/socket", "socket", []string{
		"borrowed.go", "borrowed_unsafe.go", "direction.go", "endpoint.go", "errors.go", "norace.go",
		"race.go", "read.go", "syscall_unsafe.go", "wait.go", "write.go",
	}},
	{modulePath, "internal/sched", "sched", nil},
	{modulePath, "internal/ring", "ring", nil},
	{"golang.org/x/sys", "unix", "unix", nil},
	{"github.com/iceber/iouring-go", "syscall", "iouring/syscall", nil},
}

// copyPackages returns the files of the copies, by their paths in GOROOT/src.
func copyPackages(from source) (map[string]string, error) {
	files := make(map[string]string)
	for _, c := range copiedPackages {
		dir := filepath.Join(from[c.module], filepath.FromSlash(c.folder))
		names, err := c.names(dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			if path.Ext(name) == ".go" {
				if text, err = renameImports(name, text); err != nil {
					return nil, fmt.Errorf("%s of %s: %w", name, c.importPath(), err)
				}
			}
			files[stdPrefix+c.to+"/"+name] = string(text)
		}
	}
	return files, nil
}

// names returns the names of the files to copy from a folder.
func (c copied) names(dir string) ([]string, error) {
	if len(c.files) > 0 {
		return c.files, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if ext := path.Ext(name); (ext == ".go" || ext == ".s") && !strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
	}
	return names, nil
}

// renameImports changes the import paths of copied packages. It edits the text, so that lines stay
// where they are.
func renameImports(name string, text []byte) ([]byte, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, text, parser.ImportsOnly|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, spec := range slices.Backward(tree.Imports) {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(copiedPackages, func(c copied) bool { return c.importPath() == imported })
		switch {
		case i >= 0:
			from, to := fset.Position(spec.Path.Pos()).Offset, fset.Position(spec.Path.End()).Offset
			text = slices.Replace(text, from, to, []byte(strconv.Quote(stdPrefix+copiedPackages[i].to))...)
		case imported == "net", strings.Contains(imported, "."):
			return nil, fmt.Errorf("it imports %s, which the standard library's copy cannot", imported)
		}
	}
	return text, nil
}
