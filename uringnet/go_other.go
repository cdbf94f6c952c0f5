//go:build !unix

package main

import (
	"errors"
	"os"
	"os/exec"

	"github.com/uringnet/uringnet/internal/gobuild"
)

// replaceBy runs the go command and returns its exit code.
func replaceBy(plan *gobuild.Plan) (code int, err error) {
	cmd := exec.Command(plan.Path, plan.Args...)
	cmd.Env = plan.Environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return exitFailure, err
}
