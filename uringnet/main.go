// Command uringnet shows io_uring networking at work: it serves HTTP or echoes TCP, probes what
// this machine offers, measures uringnet against package net, watches a process, and builds
// programs.
//
//	uringnet serve    serve HTTP, or a folder, or a TCP echo
//	uringnet probe    tell what this machine offers
//	uringnet bench    compare with package net
//	uringnet top      watch a process
//	uringnet go       build a program on uringnet without changing it
//
// Each subcommand explains itself with -h. The exit code is 0 for success, 1 for failure, 2 for
// wrong usage.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

const usage = `uringnet puts io_uring under Go's network interfaces. This command shows it at work.

usage: uringnet COMMAND [flags]

commands:
  serve    serve HTTP, or a folder, or a TCP echo
  probe    tell what this machine offers
  bench    compare with package net and others
  top      watch the rings and waits of a process
  go       build a program on uringnet without changing it

'uringnet COMMAND -h' explains a command. The exit code is 0 for success, 1 for failure, 2 for wrong usage.
The environment variable URINGNET says which backend runs: auto, off (package net), require (io_uring or fail).
`

// command is a subcommand. It returns the exit code, soon after ctx has ended.
type command func(ctx context.Context, args []string, stdout, stderr io.Writer) int

var commands = map[string]command{
	"serve": serve,
	"probe": probe,
	"bench": benchmark,
	"top":   top,
	"go":    goCommand,
}

func main() {
	if isChild, code := benchChild(os.Args[1:]); isChild {
		os.Exit(code)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	}
	c, ok := commands[args[0]]
	if !ok {
		fmt.Fprintf(stderr, "uringnet: no command is called %q\n\n%s", args[0], usage)
		return exitUsage
	}
	return c(ctx, args[1:], stdout, stderr)
}
