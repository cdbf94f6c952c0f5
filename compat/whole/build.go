//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// buildTool builds the command uringnet of this checkout.
func buildTool(ctx context.Context, dir string) (string, error) {
	tool := filepath.Join(dir, "uringnet")
	return tool, command(ctx, "", nil, "go", "build", "-o", tool, "github.com/uringnet/uringnet/uringnet")
}

// build builds the program and returns its path. A module that is the main one of the build has the
// program among its tools, which pins the versions as the program's own go.mod does; so no replace
// directive of that module stands in the way.
func (p program) build(ctx context.Context, tool, dir string) (string, error) {
	binary := filepath.Join(dir, p.name)
	if p.version == "" {
		source := filepath.Join("compat", "whole", "testdata", p.pkg)
		if err := os.CopyFS(filepath.Join(dir, "source"), os.DirFS(source)); err != nil {
			return "", err
		}
		return binary, command(ctx, filepath.Join(dir, "source"), nil, tool, "go", "build", "-o", binary, ".")
	}
	module := "module whole\n\ngo 1.26\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o666); err != nil {
		return "", err
	}
	if err := command(ctx, dir, nil, "go", "get", "-tool", p.pkg+"@"+p.version); err != nil {
		return "", err
	}
	return binary, command(ctx, dir, nil, tool, "go", "build", "-o", binary, p.pkg)
}

// command runs a command in a folder. The workspace of this repository is not that of the programs.
func command(ctx context.Context, dir string, env []string, name string, args ...string) error {
	_, err := output(ctx, dir, env, name, args...)
	return err
}

func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = os.Environ()
	if dir != "" {
		cmd.Env = append(cmd.Env, "GOWORK=off")
	}
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out), err
}
