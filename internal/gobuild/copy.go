package gobuild

import (
	"fmt"
	"go/build"
	"go/parser"
	"go/token"
	"io"
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
		"borrowed.go", "direction.go", "endpoint.go", "errors.go", "norace.go", "race.go",
		"read.go", "syscall_unsafe.go", "wait.go", "write.go",
	}},
	{modulePath, "internal/sched", "sched", nil},
	{modulePath, "internal/ring", "ring", nil},
	{"golang.org/x/sys", "unix", "unix", nil},
	{"github.com/iceber/iouring-go", "syscall", "iouring/syscall", nil},
}

// copyPackages returns the files of the copies, by their paths in GOROOT/src. Only those that are
// for Linux and the architecture are read.
func copyPackages(from source, goarch string) (map[string]string, error) {
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH = "linux", goarch
	ctx.CgoEnabled = true
	files := make(map[string]string)
	for _, c := range copiedPackages {
		dir := filepath.Join(from[c.module], filepath.FromSlash(c.folder))
		names, err := sourceFiles(&ctx, dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if len(c.files) > 0 && !slices.Contains(c.files, name) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil, err
			}
			if text, err = c.adapt(name, text); err != nil {
				return nil, fmt.Errorf("%s of %s: %w", name, c.importPath(), err)
			}
			files[stdPrefix+c.to+"/"+name] = string(text)
		}
	}
	return files, nil
}

// adapt makes a file one of the standard library.
func (c copied) adapt(name string, text []byte) ([]byte, error) {
	text, err := renameImports(name, text)
	if err == nil && c.importPath() == "golang.org/x/sys/unix" {
		text, err = linkToSyscall(name, text)
	}
	return text, err
}

// sourceFiles returns the names of a folder's Go files that are no tests, and whose
// names say nothing against the system and the architecture. Build constraints within the files are
// left to the go command, which knows all tags.
func sourceFiles(ctx *build.Context, dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go") && matchesName(ctx, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// matchesName judges a file by its name: MatchFile reads something else.
func matchesName(ctx *build.Context, name string) bool {
	named := *ctx
	named.OpenFile = func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("package p\n")), nil
	}
	ok, err := named.MatchFile("", name)
	return ok && err == nil
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
