//go:build unix

package main

import (
	"os/exec"
	"syscall"

	"github.com/uringnet/uringnet/internal/gobuild"
)

// replaceBy has this process become the go command, which so gets all signals, and whose exit code
// is that of this process. It returns if that fails.
func replaceBy(plan *gobuild.Plan) (code int, err error) {
	path, err := exec.LookPath(plan.Path)
	if err != nil {
		return exitFailure, err
	}
	return exitFailure, syscall.Exec(path, append([]string{"go"}, plan.Args...), plan.Environ)
}
