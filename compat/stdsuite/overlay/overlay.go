// Package overlay makes the file that `go test -overlay` needs to run a package's own tests on
// uringnet.
//
// An overlay replaces source files for one build; nothing in GOROOT is written. The one made here
//
//  1. replaces net/dial.go and net/file.go by copies that ask hook variables first (patches.go),
//  2. adds net/zz_uringhook.go, which declares the hooks, and helpers for package net's own tests,
//  3. adds to each package under test one external test file that installs the hooks: an external
//     test package may import uringnet, although uringnet imports net, without an import cycle,
//  4. replaces test files that ask for *net.TCPConn by copies that ask for an interface
//     (rewrite.go).
package overlay

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/uringnet/uringnet/internal/gobuild"
)

//go:embed hooks.go.txt
var hooksSource string

//go:embed helpers_test.go.txt
var helpersSource string

//go:embed install_test.go.txt
var installSource string

// Package is what `go list -json` says of a package.
type Package struct {
	Dir          string
	ImportPath   string
	Name         string
	TestGoFiles  []string
	XTestGoFiles []string
}

// List resolves import paths to packages.
func List(patterns ...string) ([]Package, error) {
	cmd := exec.Command("go", append([]string{"list", "-json"}, patterns...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", strings.Join(patterns, " "), err)
	}
	var pkgs []Package
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p Package
		if err := dec.Decode(&p); err != nil {
			return nil, fmt.Errorf("go list -json: %w", err)
		}
		pkgs = append(pkgs, p)
	}
	return pkgs, nil
}

// Build writes the overlay for the tests of pkgs below dir and returns the name of the file for
// -overlay.
func (t *Toolchain) Build(dir string, pkgs []Package) (string, error) {
	net, err := List("net")
	if err != nil {
		return "", err
	}
	b := &builder{release: t.Release, dir: dir, replace: make(map[string]string)}
	if err := b.patchNet(net[0].Dir); err != nil {
		return "", err
	}
	for _, p := range pkgs {
		if err := b.addTests(p); err != nil {
			return "", fmt.Errorf("package %s: %w", p.ImportPath, err)
		}
	}
	return b.finish()
}

// builder collects replacements: from the path that the go command would read to the path of the
// copy. An empty path hides the file.
type builder struct {
	release string
	dir     string
	replace map[string]string
}

func (b *builder) put(path, text string) error {
	copied := filepath.Join(b.dir, fmt.Sprintf("%03d_%s", len(b.replace), filepath.Base(path)))
	b.replace[path] = copied
	return os.WriteFile(copied, []byte(text), 0o666)
}

func (b *builder) patchNet(netDir string) error {
	for name, patches := range netPatches {
		path := filepath.Join(netDir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		patched, err := gobuild.Apply(string(text), patches)
		if err != nil {
			return fmt.Errorf("net/%s of %s needs another patch: %w", name, b.release, err)
		}
		if err := b.put(path, patched); err != nil {
			return err
		}
	}
	return b.put(filepath.Join(netDir, "zz_uringhook.go"), hooksSource)
}

func (b *builder) addTests(p Package) error {
	install := strings.Replace(installSource, "PACKAGE", p.Name, 1)
	if err := b.put(filepath.Join(p.Dir, "zz_uringinstall_test.go"), install); err != nil {
		return err
	}
	if p.ImportPath == "net" {
		if err := b.put(filepath.Join(p.Dir, "zz_uringhelpers_test.go"), helpersSource); err != nil {
			return err
		}
	}
	for _, name := range append(p.TestGoFiles, p.XTestGoFiles...) {
		path := filepath.Join(p.Dir, name)
		if _, ok := hiddenTests[p.ImportPath+"/"+name]; ok {
			b.replace[path] = ""
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rewritten, err := rewriteTest(b.release, p.ImportPath, name, string(text))
		if err != nil {
			return err
		}
		if rewritten == string(text) {
			continue
		}
		if err := b.put(path, rewritten); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) finish() (string, error) {
	out, err := json.MarshalIndent(map[string]any{"Replace": b.replace}, "", "\t")
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.dir, "overlay.json")
	return path, os.WriteFile(path, out, 0o666)
}
