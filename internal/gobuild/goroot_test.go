package gobuild

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func find(t *testing.T) *Toolchain {
	t.Helper()
	toolchain, err := Find("")
	if err != nil {
		t.Fatal(err)
	}
	return toolchain
}

// The patches fit this toolchain, and what is copied imports nothing that the standard library
// cannot.
func TestPatchedGoroot(t *testing.T) {
	toolchain := find(t)
	cache := t.TempDir()
	goroot, err := toolchain.Patched(cache)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"src/internal/poll/fd_unix.go":             "return b.Read(p)",
		"src/internal/poll/fd_poll_runtime.go":     "b.SetDeadline(t, mode)",
		"src/internal/uringnet/socket/borrowed.go": "func Borrow(",
		"src/internal/uringnet/ring/faults.go":     `"internal/uringnet/unix"`,
		"src/net/uringnet.go":                      `"internal/uringnet/whole"`,
		"src/net/net.go":                           "package net",
		"VERSION":                                  "go1.",
	} {
		text, err := os.ReadFile(filepath.Join(goroot, name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v; it does not contain %q", name, err, want)
		}
	}
	original, err := os.ReadFile(filepath.Join(toolchain.GOROOT, "src/internal/poll/fd_unix.go"))
	if err != nil || strings.Contains(string(original), "borrow") {
		t.Errorf("the toolchain's own file is changed, or not there: %v", err)
	}

	again, err := toolchain.Patched(cache)
	if err != nil || again != goroot {
		t.Errorf("the second time it is %s, %v; want %s", again, err, goroot)
	}
	if err := os.Remove(filepath.Join(goroot, "src/net/uringnet.go")); err != nil {
		t.Fatal(err)
	}
	if _, err := toolchain.Patched(cache); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(goroot, "src/net/uringnet.go")); err != nil {
		t.Errorf("what was lost is not there again: %v", err)
	}
	if entries, err := os.ReadDir(cache); err != nil || len(entries) != 1 {
		t.Errorf("the cache has %v, %v; want one folder", entries, err)
	}
}

// Debian's packages have GOROOT/src elsewhere, behind a symbolic link.
func TestLinkedGoroot(t *testing.T) {
	toolchain := find(t)
	linked := t.TempDir()
	if err := linkEntries(toolchain.GOROOT, linked, ""); err != nil {
		t.Fatal(err)
	}
	toolchain.GOROOT = linked
	goroot, err := toolchain.Patched(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"src/net/net.go", "src/internal/uringnet/whole/whole.go", "src/cmd/go/main.go", "bin/go"} {
		if info, err := os.Stat(filepath.Join(goroot, name)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s is no file: %v", name, err)
		}
	}
}

// A release that has moved what a patch changes is an error that names it.
func TestUnknownSource(t *testing.T) {
	goroot := t.TempDir()
	toolchain := &Toolchain{Version: "go1.27.99", Release: "go1.27", GOROOT: goroot}
	for name := range stdPatches {
		path := filepath.Join(goroot, "src", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("package poll\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	_, err := toolchain.Patched(t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "go1.27.99") || !strings.Contains(err.Error(), "newer version of uringnet") {
		t.Errorf("%v; want an error that names the release and says what to do", err)
	}
}

// An import that the standard library cannot have is found when it is copied, and not by the
// compiler.
func TestRenameImports(t *testing.T) {
	const text = "package p\n\nimport (\n\t\"fmt\"\n\tu \"golang.org/x/sys/unix\"\n\t\"" + modulePath + "/internal/ring\"\n)\n"
	got, err := renameImports("p.go", []byte(text))
	want := "package p\n\nimport (\n\t\"fmt\"\n\tu \"internal/uringnet/unix\"\n\t\"internal/uringnet/ring\"\n)\n"
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	for _, imported := range []string{"net", "example.com/m"} {
		if _, err := renameImports("p.go", []byte("package p\n\nimport \""+imported+"\"\n")); err == nil {
			t.Errorf("the import of %s is no error", imported)
		}
	}
}

func TestCacheThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv(CacheName, filepath.Join(file, "cache"))
	if _, _, err := Prepare([]string{"build"}, io.Discard); err == nil || !strings.Contains(err.Error(), CacheName) {
		t.Errorf("%v; want an error that names %s", err, CacheName)
	}
}

func TestSourceThatIsNone(t *testing.T) {
	t.Setenv(SourceName, t.TempDir())
	t.Setenv(CacheName, t.TempDir())
	if _, _, err := Prepare([]string{"build"}, io.Discard); err == nil || !strings.Contains(err.Error(), SourceName) {
		t.Errorf("%v; want an error that names %s", err, SourceName)
	}
}

// The user's own overlay may not change the standard library: that would be the one of the
// toolchain, which nobody reads.
func TestOverlayOfTheUser(t *testing.T) {
	dir := t.TempDir()
	overlay := func(name, file string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(`{"Replace": {"`+file+`": ""}}`), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for file, want := range map[string]bool{"/usr/go/src/net/net.go": false, "/home/p/main.go": true} {
		a := arguments{overlay: overlay("o.json", file)}
		if err := a.checkOverlay("/usr/go"); (err == nil) != want {
			t.Errorf("%s: %v", file, err)
		}
	}
	a := arguments{overlay: "none.json", dir: dir}
	if err := a.checkOverlay("/usr/go"); err == nil {
		t.Error("an overlay that is not there is no error")
	}
}

// For other systems the program is built by the go command alone, and that is told.
func TestOtherSystems(t *testing.T) {
	t.Setenv("GOOS", "darwin")
	var told strings.Builder
	plan, _, err := Prepare([]string{"build", "-tags=a", "./cmd"}, &told)
	if err != nil || plan.Path != "go" || strings.Join(plan.Args, " ") != "build -tags=a ./cmd" {
		t.Errorf("plan %+v, %v", plan, err)
	}
	if !strings.Contains(told.String(), "darwin") {
		t.Errorf("told %q", told.String())
	}
}

func TestEnv(t *testing.T) {
	p := &Plan{Settings: map[string]string{"GOROOT": "/a b", "GOFLAGS": "'-x=y z'"}}
	var all, one strings.Builder
	p.Print(&all, nil)
	p.Print(&one, []string{"GOROOT"})
	if want := "GOFLAGS=''\\''-x=y z'\\'''\nGOROOT='/a b'\n"; all.String() != want || one.String() != "/a b\n" {
		t.Errorf("got %q and %q", all.String(), one.String())
	}
}
