//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// way is a way to build the program redcon, which needs another module.
type way struct {
	name string
	// prepare changes the folder of the program first, by the go command alone.
	prepare func(ctx context.Context, dir string) error
	args    []string // of uringnet go, without -o
	env     []string
	alien   bool                           // it does not run here, or by itself
	ask     func(addr string) (int, error) // its client, if it is another than that of redcon
}

var ways = []way{
	{name: "in its module", args: []string{"build"}},
	{name: "from its folder vendor", prepare: vendor, args: []string{"build", "-mod=vendor"}},
	{name: "in a workspace", prepare: workspace, args: []string{"build"}},
	{name: "from a file that has no module", prepare: noModule, args: []string{"build", "main.go"}, ask: askTypes},
	{name: "-trimpath -ldflags=-s -tags", args: []string{"build", "-trimpath", "-ldflags=-s -w", "-tags", "a,b"}},
	{name: "GOFLAGS", args: []string{"build"}, env: []string{"GOFLAGS=-mod=mod '-ldflags=-s -w' -tags=a"}},
	{name: "an overlay", prepare: overlay, args: []string{"build", "-overlay=overlay.json"}},
	{name: "CGO_ENABLED=0", args: []string{"build"}, env: []string{"CGO_ENABLED=0"}},
	{name: "-cover", args: []string{"build", "-cover"}},
	{name: "-race", args: []string{"build", "-race"}},
	{name: "-buildmode=pie", args: []string{"build", "-buildmode=pie"}},
	{name: "-buildmode=c-shared", args: []string{"build", "-buildmode=c-shared"}, alien: true},
	{name: "-buildmode=plugin", args: []string{"build", "-buildmode=plugin"}, alien: true},
	{name: "GOARCH=arm64", args: []string{"build"}, env: []string{"GOARCH=arm64"}, alien: true},
	{name: "GOARCH=386", args: []string{"build"}, env: []string{"GOARCH=386"}},
}

// tryWays builds a program in each way whose name matches a pattern, and prints how that went.
func tryWays(ctx context.Context, dir, pattern string) error {
	wanted, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	tool, err := buildTool(ctx, dir)
	if err != nil {
		return err
	}
	for i, w := range ways {
		if !wanted.MatchString(w.name) {
			continue
		}
		if err := w.try(ctx, tool, filepath.Join(dir, fmt.Sprint(i))); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		fmt.Println("ok:", w.name)
	}
	const twice = "the same bytes from another folder, with another cache of uringnet's"
	if !wanted.MatchString(twice) {
		return nil
	}
	if err := tryTwice(ctx, tool, dir); err != nil {
		return fmt.Errorf("%s: %w", twice, err)
	}
	fmt.Println("ok:", twice)
	return nil
}

func (w way) try(ctx context.Context, tool, dir string) error {
	source := filepath.Join(dir, "source")
	if err := copyRedcon(source); err != nil {
		return err
	}
	if w.prepare != nil {
		if err := w.prepare(ctx, source); err != nil {
			return err
		}
	}
	before, err := digest(source)
	if err != nil {
		return err
	}
	binary := filepath.Join(dir, "binary")
	args := append([]string{"go", w.args[0], "-o", binary}, w.args[1:]...)
	if _, err := run(ctx, source, w.env, tool, args...); err != nil {
		return err
	}
	if after, err := digest(source); err != nil || after != before {
		return errors.Join(errors.New("the program's folder has changed"), err)
	}
	text, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte("internal/uringnet/socket.Borrow")) {
		return errors.New("uringnet is not in it")
	}
	if w.alien {
		return nil
	}
	p := program{args: plainArgs("ADDR"), ready: "listening", ask: w.ask}
	if p.ask == nil {
		p.ask = askRedis
	}
	_, err = p.run(ctx, binary, filepath.Join(dir, "run"))
	return err
}

func copyRedcon(dir string) error {
	return os.CopyFS(dir, os.DirFS(filepath.Join("compat", "whole", "testdata", "redcon")))
}

func vendor(ctx context.Context, dir string) error {
	return command(ctx, dir, nil, "go", "mod", "vendor")
}

func workspace(ctx context.Context, dir string) error {
	return command(ctx, dir, []string{"GOWORK="}, "go", "work", "init", ".")
}

// noModule leaves a program without a go.mod, which can import the standard library only.
func noModule(_ context.Context, dir string) error {
	types := filepath.Join("compat", "whole", "testdata", "types", "main.go")
	text, err := os.ReadFile(types)
	if err != nil {
		return err
	}
	return errors.Join(os.Remove(filepath.Join(dir, "go.mod")), os.Remove(filepath.Join(dir, "go.sum")),
		os.WriteFile(filepath.Join(dir, "main.go"), text, 0o666))
}

// overlay adds a file to the program.
func overlay(_ context.Context, dir string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "overlay.json"), []byte(`{"Replace": {"more.go": "more.txt"}}`), 0o666),
		os.WriteFile(filepath.Join(dir, "more.txt"), []byte("package main\n"), 0o666))
}

// run is output in the workspace of the folder, if it has one.
func run(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
		env = append([]string{"GOWORK="}, env...)
	}
	return output(ctx, dir, env, name, args...)
}

// tryTwice builds the same program in two folders, with nothing in common but Go's own cache.
func tryTwice(ctx context.Context, tool, dir string) error {
	var binaries [][]byte
	for _, name := range []string{"first", "second"} {
		source := filepath.Join(dir, name)
		if err := copyRedcon(source); err != nil {
			return err
		}
		binary := filepath.Join(dir, name+".binary")
		env := []string{"URINGNET_CACHE=" + filepath.Join(dir, name+".cache")}
		if err := command(ctx, source, env, tool, "go", "build", "-trimpath", "-o", binary); err != nil {
			return err
		}
		text, err := os.ReadFile(binary)
		if err != nil {
			return err
		}
		binaries = append(binaries, text)
	}
	if !bytes.Equal(binaries[0], binaries[1]) {
		return errors.New("they differ")
	}
	return nil
}

// digest is one of all files in a folder.
func digest(dir string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(h, "%q %q\n", path, text)
		return err
	})
	return string(h.Sum(nil)), err
}
