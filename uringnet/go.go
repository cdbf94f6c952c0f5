package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/uringnet/uringnet/internal/gobuild"
)

const goUsage = `uringnet go runs the go command so that it builds a program on uringnet, without a change of
the program: its sockets of tcp and unix are uringnet's, below the types of package net.

usage: uringnet go build|install|run|test|vet|list [flags and arguments of the go command]
       uringnet go env [NAME]...    print what makes any go command do the same

Nothing is written but a copy of the standard library, in the user's cache or in the folder that
URINGNET_CACHE names.
`

// goCommand becomes the go command, with another standard library.
func goCommand(_ context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		fmt.Fprint(stderr, goUsage)
		if len(args) == 0 {
			return exitUsage
		}
		return exitOK
	}
	plan, names, err := gobuild.Prepare(args, stderr)
	if err == nil && plan.Path == "" {
		plan.Print(stdout, names)
		return exitOK
	}
	code := exitFailure
	if err == nil {
		code, err = replaceBy(plan)
	}
	if err != nil {
		fmt.Fprintf(stderr, "uringnet: %v\n", err)
	}
	if errors.Is(err, gobuild.ErrUsage) {
		return exitUsage
	}
	return code
}
