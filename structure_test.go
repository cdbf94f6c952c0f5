package uringnet_test

import (
	"flag"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/uringnet/uringnet/internal/structure"
)

// mayImport says which folders of this module the files of a folder import, tests aside. Imports
// point one way: command -> root -> internal/socket -> internal/sched -> internal/ring.
var mayImport = map[string]string{
	".":                "internal/choice internal/socket",
	"backend_linux.go": "internal/socket internal/sched internal/ring",

	"file":         "internal/choice internal/sched",
	"file/httpdir": "file",

	"internal/choice":  "internal/sched internal/ring",
	"internal/gobuild": "",
	"internal/whole":   "internal/choice internal/socket",
	"internal/socket":  "internal/sched",
	"internal/sched":   "internal/ring",
	"internal/ring":    "",

	"internal/apitest":    "",
	"internal/simulation": "",
	"internal/structure":  "",
	"internal/testutil":   "",

	"uringnet": ". internal/sched internal/bench internal/gobuild",

	"internal/bench":          ". internal/bench/load internal/bench/search internal/bench/server internal/bench/workload internal/gobuild",
	"internal/bench/load":     "internal/bench/proc internal/bench/rawio internal/bench/workload",
	"internal/bench/peer":     "internal/bench/rawio internal/bench/server",
	"internal/bench/proc":     "",
	"internal/bench/rawio":    "",
	"internal/bench/search":   ". file internal/bench/load internal/bench/proc internal/bench/server internal/bench/workload",
	"internal/bench/server":   ". internal/bench/rawio internal/bench/workload internal/gobuild",
	"internal/bench/workload": "",

	".ci":        "",
	"compat/...": structure.Anything,

	"metrics":         ".",
	"metrics/expvars": ".",
}

// rootFiles are the Go files of the root: the exported API, the choice of a backend, and nothing
// else.
var rootFiles = []string{
	"doc.go", "conn.go", "tcpconn.go", "unixconn.go", "listener.go", "dialer.go",
	"backend.go", "backend_net.go", "backend_linux.go", "backend_other.go",
	"probe.go", "stats.go", "example_test.go", "structure_test.go",
}

const (
	maxFile     = 400 // lines
	maxFunction = 60  // lines
	maxColumns  = 100 // of a line of comment or prose
	maxCell     = 200 // characters in a cell of a table
)

func repository(t *testing.T) *structure.Tree {
	t.Helper()
	tree, err := structure.Read(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func report(t *testing.T, problems []string) {
	t.Helper()
	for _, p := range problems {
		t.Error(p)
	}
}

func TestImportsPointOneWay(t *testing.T) {
	tree := repository(t)
	report(t, tree.Imports(mayImport))
	mayUseNet := func(file string) bool {
		folder := path.Dir(file)
		return folder != "internal/sched" && folder != "internal/ring" && folder != "internal/choice"
	}
	report(t, tree.NeverImport("net", false, mayUseNet,
		"rings and the scheduler know descriptors only, and package net imports copies of them; "+
			"what needs net belongs to internal/socket"))
}

func TestRootHoldsTheAPIOnly(t *testing.T) {
	report(t, repository(t).RootFiles(rootFiles))
}

func TestUnsafeOnlyWhereNamed(t *testing.T) {
	named := func(file string) bool {
		name := strings.TrimSuffix(strings.TrimSuffix(file, ".go"), "_test")
		return strings.HasSuffix(name, "_unsafe") || file == "internal/ring/abi.go"
	}
	tree := repository(t)
	report(t, tree.NeverImport("unsafe", true, named,
		"only internal/ring/abi.go and files named *_unsafe.go or *_unsafe_test.go may; move the code to one"))
	report(t, tree.Linknames("internal/sched/runtime_unsafe.go"))
}

func TestFilesAndFunctionsAreShort(t *testing.T) {
	tree := repository(t)
	report(t, tree.LongFiles(maxFile))
	report(t, tree.LongFunctions(maxFunction))
}

func TestCommentsAndProseAreNarrow(t *testing.T) {
	tree := repository(t)
	report(t, tree.WideComments(maxColumns))
	report(t, tree.WideProse(maxColumns, maxCell))
}

func TestInvariantsNameTests(t *testing.T) {
	report(t, repository(t).NamedTests("docs/invariants.md", 10))
}

const apiFile = "testdata/api.txt"

var update = flag.Bool("update", false, "write "+apiFile+" from the exported declarations of the root")

// The API is the same on each system.
func TestExportedAPI(t *testing.T) {
	if *update {
		lines := exported(t, "linux")
		if err := os.WriteFile(apiFile, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(apiFile)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, goos := range []string{"linux", "darwin", "windows"} {
		got := exported(t, goos)
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("GOOS=%s is without: %s", goos, line)
			}
		}
		for _, line := range got {
			if !slices.Contains(want, line) {
				t.Errorf("GOOS=%s has, and %s has not: %s", goos, apiFile, line)
			}
		}
	}
	if t.Failed() {
		t.Errorf("the exported API has changed: take the change back, or, if it is meant, "+
			"run go test . -run TestExportedAPI -update and name it in CHANGELOG.md; see the diff of %s", apiFile)
	}
}

func exported(t *testing.T, goos string) []string {
	t.Helper()
	lines, err := structure.API(os.DirFS("."), goos)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}
