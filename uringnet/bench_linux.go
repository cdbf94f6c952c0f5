package main

import (
	"fmt"
	"os"

	"github.com/uringnet/uringnet/internal/bench"
)

var benchmark command = bench.Command

// benchChild runs this process as a part of a benchmark, if args say so.
func benchChild(args []string) (isChild bool, code int) {
	isChild, err := bench.Child(args, os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return isChild, exitFailure
	}
	return isChild, exitOK
}
