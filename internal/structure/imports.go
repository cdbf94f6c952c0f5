package structure

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Anything in a table of imports allows all packages of the module.
const Anything = "anything"

// Imports compares the imports of files that are not tests with a table. Its keys are folders from
// the root, which is "."; "compat/..." stands for compat and all that is in it, and a key that ends
// in .go for one file. A value names the folders whose packages may be imported, between spaces.
// The most exact key counts.
func (t *Tree) Imports(table map[string]string) (problems []string) {
	used := make(map[string]bool)
	for _, s := range t.sources {
		key := ruleForFile(table, s.path)
		folder := ruleForFolder(table, s.folder())
		used[key], used[folder] = true, true
		if folder == "" {
			problems = append(problems, fmt.Sprintf("%s: the folder %s is not in the table of imports: "+
				"add a row that says what it may import", s.path, s.folder()))
		}
		if key == "" || s.isTest() || table[key] == Anything {
			continue
		}
		for _, spec := range s.syntax.Imports {
			imported, ours := t.folderOf(strings.Trim(spec.Path.Value, `"`))
			if ours && !slices.Contains(strings.Fields(table[key]), imported) {
				problems = append(problems, at(s.path, t.line(spec.Pos()))+"may not import "+imported+
					": imports point one way; move the code to a package that may, or hand it what it needs")
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if !used[key] {
			problems = append(problems, key+" is in the table of imports and has no Go file: remove its row")
		}
	}
	return problems
}

// ruleForFile returns the most exact key of the table for a file, or nothing.
func ruleForFile(table map[string]string, name string) string {
	if _, ok := table[name]; ok {
		return name
	}
	return ruleForFolder(table, path.Dir(name))
}

func ruleForFolder(table map[string]string, folder string) string {
	if _, ok := table[folder]; ok {
		return folder
	}
	for ; folder != "."; folder = path.Dir(folder) {
		if _, ok := table[folder+"/..."]; ok {
			return folder + "/..."
		}
	}
	return ""
}

// folderOf returns the folder of a package of this repository.
func (t *Tree) folderOf(importPath string) (folder string, ours bool) {
	if importPath == t.module {
		return ".", true
	}
	return strings.CutPrefix(importPath, t.module+"/")
}

// NeverImport finds the files that import a package and are not allowed to. Tests count as well
// where withTests is set.
func (t *Tree) NeverImport(pkg string, withTests bool, allowed func(file string) bool, why string) (problems []string) {
	for _, s := range t.sources {
		if s.isTest() && !withTests || allowed(s.path) {
			continue
		}
		for _, spec := range s.syntax.Imports {
			if strings.Trim(spec.Path.Value, `"`) == pkg {
				problems = append(problems, at(s.path, t.line(spec.Pos()))+"imports "+pkg+": "+why)
			}
		}
	}
	return problems
}

// Linknames finds directives go:linkname outside of one file.
func (t *Tree) Linknames(allowed string) (problems []string) {
	for _, s := range t.sources {
		if s.path == allowed {
			continue
		}
		for _, group := range s.syntax.Comments {
			for _, c := range group.List {
				if strings.HasPrefix(c.Text, "//go:linkname ") {
					problems = append(problems, at(s.path, t.line(c.Pos()))+
						"has a go:linkname: declare it in "+allowed+", whose test compares it with the runtime")
				}
			}
		}
	}
	return problems
}

// RootFiles compares the Go files of the root with a list.
func (t *Tree) RootFiles(want []string) (problems []string) {
	var got []string
	for _, s := range t.sources {
		if s.folder() == "." {
			got = append(got, s.path)
		}
	}
	for _, name := range got {
		if !slices.Contains(want, name) {
			problems = append(problems, name+" does not belong into the root, which holds the exported API: "+
				"sockets go to internal/socket, tests to internal/apitest")
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			problems = append(problems, name+" is missing in the root: put it there, "+
				"or take it from the list if the root is to have fewer files")
		}
	}
	return problems
}
