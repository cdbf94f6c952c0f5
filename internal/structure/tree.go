// Package structure finds where a repository breaks the rules that keep it readable: who imports
// whom, how long files, functions and lines are, what the API is, which tests a document names.
//
// The rules themselves, with their numbers and tables, are in the structure_test.go of the root.
// Files are parsed and not compiled, so a rule holds for every system and every build tag. Each
// problem is one line that names the place and says what a person is to do.
package structure

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
)

// Tree is a repository that was read.
type Tree struct {
	module   string // the path of the root's module
	fset     *token.FileSet
	sources  []source
	articles []article
}

// source is a Go file.
type source struct {
	path   string
	lines  []string
	syntax *ast.File
}

// article is a Markdown file.
type article struct {
	path  string
	lines []string
}

// Read reads the Go and Markdown files of a repository. As the go command does, it passes over
// folders named testdata and those that begin with a dot or an underscore; .ci is read.
func Read(fsys fs.FS) (*Tree, error) {
	t := &Tree{fset: token.NewFileSet()}
	mod, err := fs.ReadFile(fsys, "go.mod")
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(mod), "\n")
	t.module = strings.TrimPrefix(first, "module ")
	return t, fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && isHidden(name):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		return t.add(fsys, name)
	})
}

func isHidden(folder string) bool {
	base := path.Base(folder)
	return base == "testdata" || strings.HasPrefix(base, "_") ||
		strings.HasPrefix(base, ".") && folder != "." && folder != ".ci"
}

func (t *Tree) add(fsys fs.FS, name string) error {
	ext := path.Ext(name)
	if ext != ".go" && ext != ".md" {
		return nil
	}
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if ext == ".md" {
		t.articles = append(t.articles, article{name, lines})
		return nil
	}
	mode := parser.ParseComments | parser.SkipObjectResolution
	syntax, err := parser.ParseFile(t.fset, name, text, mode)
	t.sources = append(t.sources, source{name, lines, syntax})
	return err
}

func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

// folder is the path of the folder from the root, which itself is ".".
func (s source) folder() string { return path.Dir(s.path) }

// at writes the place of a problem.
func at(name string, line int) string { return fmt.Sprintf("%s:%d: ", name, line) }

func (t *Tree) line(pos token.Pos) int { return t.fset.Position(pos).Line }
