package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// newFlags returns a flag set whose usage text begins with intro.
func newFlags(name, intro string, stderr io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, "%s\nflags:\n", intro)
		fs.PrintDefaults()
	}
	return fs
}

// parse parses args, which are flags only. If ok is false the command ends with code.
func parse(fs *flag.FlagSet, args []string) (code int, ok bool) {
	code, ok = parseWithOperands(fs, args)
	if ok && fs.NArg() > 0 {
		return wrongUsage(fs, "unexpected argument %q", fs.Arg(0)), false
	}
	return code, ok
}

// parseWithOperands is parse for a command that has other arguments after its flags.
func parseWithOperands(fs *flag.FlagSet, args []string) (code int, ok bool) {
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK, false
	case err != nil: // fs has said why
		return exitUsage, false
	}
	return exitOK, true
}

// wrongUsage says what is wrong with the command line and returns the exit code for it.
func wrongUsage(fs *flag.FlagSet, format string, args ...any) int {
	fmt.Fprintf(fs.Output(), "uringnet %s: %s\nRun 'uringnet %s -h' for help.\n", fs.Name(), fmt.Sprintf(format, args...), fs.Name())
	return exitUsage
}
