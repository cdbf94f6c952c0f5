package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// The exit codes of Command.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// Command is the subcommand "bench" with its arguments; it returns the exit code. When ctx
// ends it stops early, reports what there is, and counts that as a failure.
func Command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := ParseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage
	}
	report, err := obtain(ctx, o, stderr)
	if err == nil {
		report.print(stdout, o.Format)
		err = report.save(o)
	}
	if err == nil && len(o.From) == 0 {
		err = report.failure()
	}
	if err != nil {
		fmt.Fprintf(stderr, "uringnet bench: %v\n", err)
		return exitFailure
	}
	return exitOK
}

// obtain measures, or reads what was measured before.
func obtain(ctx context.Context, o Options, stderr io.Writer) (*Report, error) {
	if len(o.From) > 0 {
		return ReadReports(o.From)
	}
	return Measure(ctx, o, NewProgress(stderr, isTerminal(stderr)))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
