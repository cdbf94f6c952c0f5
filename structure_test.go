package uringnet_test

import (
	"bufio"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goFiles calls f for each Go file of the repository, with its path from the root.
func goFiles(t *testing.T, f func(path string)) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".go") {
			f(filepath.ToSlash(path))
		}
		return err
	})
	check(t, err)
}

func imports(t *testing.T, path string) []string {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	check(t, err)
	var out []string
	for _, spec := range file.Imports {
		out = append(out, strings.Trim(spec.Path.Value, `"`))
	}
	return out
}

// unsafe is confined to files that say so in their names.
func TestUnsafeOnlyWhereNamed(t *testing.T) {
	goFiles(t, func(path string) {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".go"), "_test")
		if strings.HasSuffix(name, "_unsafe") || path == "internal/ring/abi.go" {
			return
		}
		for _, imp := range imports(t, path) {
			if imp == "unsafe" {
				t.Errorf("%s imports unsafe: only *_unsafe.go and internal/ring/abi.go may", path)
			}
		}
	})
}

// Imports point one way: command -> root -> internal/sched -> internal/ring.
func TestImportDirection(t *testing.T) {
	const module = "github.com/uringnet/uringnet"
	allowed := map[string][]string{
		"internal/ring":   nil,
		"internal/sched":  {module + "/internal/ring"},
		"internal/socket": {module + "/internal/sched"},
		"":                {module + "/internal/socket", module + "/internal/sched", module + "/internal/ring"},
	}
	goFiles(t, func(path string) {
		dir := filepath.ToSlash(filepath.Dir(path))
		if dir == "." {
			dir = ""
		}
		ok, checked := allowed[dir]
		if !checked || strings.HasSuffix(path, "_test.go") {
			return
		}
		for _, imp := range imports(t, path) {
			if strings.HasPrefix(imp, module) && !contains(ok, imp) {
				t.Errorf("%s imports %s", path, imp)
			}
			if (dir == "internal/ring" || dir == "internal/sched") && imp == "net" {
				t.Errorf("%s imports net", path)
			}
		}
	})
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// One file holds all linknames, and no file is longer than 400 lines.
func TestFilesAreShortAndLinknameIsInOne(t *testing.T) {
	goFiles(t, func(path string) {
		f, err := os.Open(path)
		check(t, err)
		defer f.Close()
		lines := 0
		for s := bufio.NewScanner(f); s.Scan(); lines++ {
			if strings.HasPrefix(s.Text(), "//go:linkname") && path != "internal/sched/runtime_unsafe.go" {
				t.Errorf("%s:%d has a go:linkname", path, lines+1)
			}
		}
		if lines > 400 {
			t.Errorf("%s has %d lines, at most 400 are allowed", path, lines)
		}
	})
}

// check fails the test for an unexpected error of a step that it is not about.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
