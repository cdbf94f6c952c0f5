package structure

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// sample is a repository of a module example.org/m.
func sample(t *testing.T, files map[string]string) *Tree {
	t.Helper()
	tree, err := Read(fsOf(files))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func fsOf(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{"go.mod": {Data: []byte("module example.org/m\n\ngo 1.26.0\n")}}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// expect compares lines with the beginnings that they are to have.
func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		t.Errorf("got:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestImportsOfAFolder(t *testing.T) {
	tree := sample(t, map[string]string{
		"root.go":           "package m\n\nimport _ \"example.org/m/internal/low\"\n",
		"one.go":            "package m\n\nimport _ \"example.org/m/internal/low\"\n",
		"internal/low/a.go": "//go:build plan9\n\npackage low\n\nimport _ \"example.org/m\"\n",
		"internal/low/b.go": "package low\n\nimport _ \"example.org/module\"\n",
		"internal/new/a.go": "package fresh\n",
		"internal/new/b.go": "package fresh\n\nimport _ \"example.org/m\"\n",
		"free/deep/a.go":    "package deep\n\nimport _ \"example.org/m\"\n",

		"internal/low/a_test.go":       "package low\n\nimport _ \"example.org/m\"\n",
		"internal/low/testdata/bad.go": "not Go",
		".git/a.go":                    "not Go",
	})
	table := map[string]string{
		".": "", "one.go": "internal/low", "internal/low": "", "internal/old": "", "free/...": Anything,
	}
	expect(t, tree.Imports(table),
		"internal/low/a.go:5: may not import .: ",
		"internal/new/a.go: the folder internal/new is not in the table",
		"internal/new/b.go: the folder internal/new is not in the table",
		"root.go:3: may not import internal/low: ",
		"internal/old is in the table of imports and has no Go file",
	)
}

func TestImportsThatAreForbidden(t *testing.T) {
	tree := sample(t, map[string]string{
		"a.go":      "package m\n\nimport \"net\"\n\nvar _ net.Conn\n",
		"b.go":      "package m\n\nimport \"net/http\"\n\nvar _ http.Handler\n",
		"a_test.go": "package m\n\nimport \"net\"\n\nvar _ net.Conn\n",
		"may.go":    "package m\n\nimport \"net\"\n\nvar _ net.Conn\n",
	})
	allowed := func(file string) bool { return file == "may.go" }
	expect(t, tree.NeverImport("net", false, allowed, "no"), "a.go:3: imports net: no")
	expect(t, tree.NeverImport("net", true, allowed, "no"), "a.go:3: imports net", "a_test.go:3: imports net")
}

func TestLinknamesOutsideOfTheirFile(t *testing.T) {
	const link = "package m\n\nimport _ \"unsafe\"\n\n//go:linkname f runtime.f\nfunc f()\n"
	tree := sample(t, map[string]string{
		"a.go": link, "may.go": link,
		"c.go": "package m\n\n// A go:linkname is a directive.\nvar x = `\n//go:linkname a b\n`\n",
	})
	expect(t, tree.Linknames("may.go"), "a.go:5: has a go:linkname")
}

func TestFilesOfTheRoot(t *testing.T) {
	tree := sample(t, map[string]string{"a.go": "package m\n", "b_test.go": "package m\n", "x/c.go": "package x\n"})
	expect(t, tree.RootFiles([]string{"a.go", "b_test.go"}))
	expect(t, tree.RootFiles([]string{"a.go", "c.go"}),
		"b_test.go does not belong into the root", "c.go is missing in the root")
}

func TestLongFilesAndFunctions(t *testing.T) {
	tree := sample(t, map[string]string{
		"a.go": "package m\n\n// f is\n// long.\nfunc f() {\n\tprintln()\n\tprintln()\n}\n\nvar g = func() {\n\tprintln()\n\n}\n",
		"b.go": "package m\n\nfunc f2() {\n}\n",
	})
	expect(t, tree.LongFiles(12), "a.go has 13 lines")
	expect(t, tree.LongFiles(13))
	expect(t, tree.LongFunctions(3), "a.go:5: f has 4 lines", "a.go:10: a function without a name has 4 lines")
	expect(t, tree.LongFunctions(4))
}

func TestWideComments(t *testing.T) {
	tree := sample(t, map[string]string{"a.go": strings.Join([]string{
		"package m",
		"",
		"// twenty columns....",
		"\t// twenty columns...",
		"// twenty äöü.......",
		"/* a short one and",
		"one that is longer than it may be */",
		"// see https://example.org/",
		"//go:generate echo what is long",
		"var x = 1234567890 // a comment beside code",
		"var y = `",
		"// no comment at all, a text",
		"`",
	}, "\n")})
	expect(t, tree.WideComments(20), "a.go:3: a comment has 21 columns", "a.go:4: a comment has 21 columns",
		"a.go:7: a comment has 36 columns", "a.go:10: a comment has 43 columns")
}

func TestWideProse(t *testing.T) {
	tree := sample(t, map[string]string{"a.md": strings.Join([]string{
		"twenty columns......",
		"one more than twenty.",
		"",
		"    code as wide as it is, twice",
		"",
		"    and after an empty line",
		"- an item goes on",
		"    with more columns than 20",
		"```sh",
		"code as wide as it is, twice",
		"``` as long as you want it",
		"```",
		"one more than twenty.",
		"| a | row as wide as | it wants to be |",
		`| a cell \| of 18 ch | a cell of 18 chars |`,
		"| a cell of nineteen! |",
	}, "\n"), "testdata/b.md": "one more than twenty."})
	expect(t, tree.WideProse(20, 18), "a.md:2: 21 columns", "a.md:8: 29 columns", "a.md:13: 21 columns",
		"a.md:16: a cell of 19 characters")
}

func TestNamedTests(t *testing.T) {
	tree := sample(t, map[string]string{
		"a_test.go":    "package m\n\nfunc TestA() {}\nfunc TestB() {}\n\ntype s struct{}\n\nfunc (s) TestC() {}\n",
		"a.go":         "package m\n\nfunc TestD() {}\n",
		"docs/good.md": "`TestA` and TestX\n`TestB/sub` again `TestA`\n",
		"docs/bad.md":  "| x | `TestC`, `TestD` |\n| y | `TestA` |\n",
	})
	expect(t, tree.NamedTests("docs/good.md", 2))
	expect(t, tree.NamedTests("docs/good.md", 3), "docs/good.md names 2 tests, at least 3")
	expect(t, tree.NamedTests("docs/bad.md", 1),
		"docs/bad.md:1: TestC is in no _test.go file", "docs/bad.md:1: TestD is in no _test.go file")
	expect(t, tree.NamedTests("docs/none.md", 1), "docs/none.md is missing")
}

func TestAPI(t *testing.T) {
	fsys := fsOf(map[string]string{
		"a.go": "package m\n\nimport \"io\"\n\n// T is documented.\ntype T struct {\n\tinner\n\tio.Reader\n" +
			"\tA, b int `json:\"a\"` // a comment\n}\n\ntype inner struct{}\n\nfunc (i *inner) Promoted(a,\n\tb int) error { return nil }\n" +
			"func (t T) hidden() {}\n\ntype I interface {\n\tM()\n\tm()\n}\n\ntype N = map[string]int\n\n" +
			"const C uint = 1\n\nvar V, w = 1, 2\n\nfunc New() *T { return nil }\nfunc hidden() {}\n",
		"a_linux.go":   "package m\n\nfunc Here() {}\n",
		"a_windows.go": "package m\n\nfunc There() {}\n",
		"tagged.go":    "//go:build !linux\n\npackage m\n\nfunc Elsewhere() {}\n",
		"a_test.go":    "package m\n\nfunc Tested() {}\n",
	})
	common := []string{
		"const C uint = 1", "func (*T) Promoted(a, b int) error", "func New() *T",
		"type I interface, with unexported methods", "type I interface: M func()", "type N = map[string]int",
		"type T struct, with unexported fields", "type T struct: A int `json:\"a\"`",
		"type T struct: embedded io.Reader", "var V = 1",
	}
	for goos, more := range map[string][]string{
		"linux":   {"func Here()"},
		"windows": {"func There()", "func Elsewhere()"},
	} {
		got, err := API(fsys, goos)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Sorted(slices.Values(append(more, common...)))
		if !slices.Equal(got, want) {
			t.Errorf("GOOS=%s:\n\t%s\nwant:\n\t%s", goos, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}
