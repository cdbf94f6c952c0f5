//go:build !linux

package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
)

func benchmark(_ context.Context, _ []string, _, stderr io.Writer) int {
	fmt.Fprintf(stderr, "uringnet bench: there is no io_uring on %s, so nothing to compare; run it on Linux\n", runtime.GOOS)
	return exitFailure
}

func benchChild([]string) (isChild bool, code int) { return false, exitOK }
