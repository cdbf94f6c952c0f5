package structure

import (
	"fmt"
	"go/ast"
	"regexp"
)

// namedTest is a test between backticks, which a subtest may follow.
var namedTest = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9_]*)(/[^`]*)?`")

// NamedTests finds the tests that an article names and that are in no file of tests. The article
// must be there and name at least that many tests.
func (t *Tree) NamedTests(name string, least int) (problems []string) {
	exists := make(map[string]bool)
	for _, s := range t.sources {
		for _, d := range s.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.isTest() && f.Recv == nil {
				exists[f.Name.Name] = true
			}
		}
	}
	found, tests := false, make(map[string]bool)
	for _, a := range t.articles {
		if a.path != name {
			continue
		}
		found = true
		for i, text := range a.lines {
			for _, match := range namedTest.FindAllStringSubmatch(text, -1) {
				test := match[1]
				tests[test] = true
				if !exists[test] {
					problems = append(problems, at(name, i+1)+test+
						" is in no _test.go file: name the test that holds this now, or write it")
				}
			}
		}
	}
	switch {
	case !found:
		problems = append(problems, name+" is missing: it lists what always holds and the tests that prove it")
	case len(tests) < least:
		problems = append(problems, fmt.Sprintf("%s names %d tests, at least %d: "+
			"write test functions between backticks", name, len(tests), least))
	}
	return problems
}
