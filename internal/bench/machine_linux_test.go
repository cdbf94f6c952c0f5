package bench

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCommitOfTheModulesFolder puts a command in git's place: it is asked where the module's folder
// is the working directory, and nowhere else.
func TestCommitOfTheModulesFolder(t *testing.T) {
	bin := t.TempDir()
	const git = "#!/bin/sh\necho 0123456789ab-dirty\n"
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(git), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	for module, want := range map[string]string{
		"module github.com/uringnet/uringnet\n":        "0123456789ab-dirty",
		"module github.com/uringnet/uringnet/compat\n": "",
		"module example.org/other\n":                   "",
	} {
		t.Chdir(t.TempDir())
		if got := thisCommit(); got != "" {
			t.Errorf("outside any module the commit is %q", got)
		}
		if err := os.WriteFile("go.mod", []byte(module), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := thisCommit(); got != want {
			t.Errorf("%q: the commit is %q, want %q", module, got, want)
		}
	}
}
