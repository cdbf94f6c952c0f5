package main

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/uringnet/uringnet/internal/gobuild"
)

// wholeSettings returns the environment in which the go command builds with uringnet's standard
// library, and makes sure that it does.
func wholeSettings() ([]string, error) {
	plan, _, err := gobuild.Prepare([]string{"env"}, os.Stderr)
	if err != nil {
		return nil, err
	}
	var settings []string
	for name, value := range plan.Settings {
		settings = append(settings, name+"="+value)
	}
	list := exec.Command("go", "list", "-f", "{{.Imports}}", "net")
	list.Env = slices.Concat(os.Environ(), settings)
	out, err := list.Output()
	if err == nil && !strings.Contains(string(out), "internal/uringnet/whole") {
		err = errors.New("package net does not import uringnet")
	}
	return settings, err
}
