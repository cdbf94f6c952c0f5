package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/uringnet/uringnet/internal/gobuild"
)

// buildWhole has the runner test with uringnet's standard library, and makes sure that it does.
func (r *runner) buildWhole() error {
	plan, _, err := gobuild.Prepare([]string{"env"}, os.Stderr)
	if err != nil {
		return err
	}
	for name, value := range plan.Settings {
		r.settings = append(r.settings, name+"="+value)
	}
	r.command = filepath.Join(plan.Settings["GOROOT"], "bin", "go")
	list := exec.Command(r.command, "list", "-f", "{{.Imports}}", "net")
	list.Env = slices.Concat(os.Environ(), r.settings)
	out, err := list.Output()
	if err == nil && !strings.Contains(string(out), "internal/uringnet/whole") {
		err = errors.New("package net does not import uringnet")
	}
	return err
}
