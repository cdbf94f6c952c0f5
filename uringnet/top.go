package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

const topUsage = `usage: uringnet top [flags] PID-or-URL

Shows what a process does with its sockets, again and again: in all, and per second since the last look.

Of a URL it shows the counters of uringnet: rings, waits, cancellations. The process publishes them at
/debug/vars, by the package metrics/expvars of uringnet, or by itself:

	expvar.Publish("uringnet", expvar.Func(func() any { return uringnet.ReadStats() }))

Of a process id it shows what Linux knows, and the process need not help: its rings, sockets, threads,
context switches, CPU time. That takes the rights of the process's user.
`

// subject is what top looks at.
type subject interface {
	// look reads everything once. The error is errEnded if there is nothing to look at any more.
	look(ctx context.Context) (sample, error)
}

// errEnded is the error of a look at a process that was there before.
var errEnded = errors.New("the process has ended")

func top(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := newFlags("top", topUsage, stderr)
	times := fs.Int("n", 0, "look so many `times`; 0 means until it is interrupted")
	every := fs.Duration("every", time.Second, "the `time` between two looks")
	variable := fs.String("var", "uringnet", "the `name` of the variable at the URL")
	code, ok := parseWithOperands(fs, args)
	switch {
	case !ok:
		return code
	case fs.NArg() != 1:
		return wrongUsage(fs, "there must be one process id or URL")
	case *times < 0:
		return wrongUsage(fs, "-n %d is negative", *times)
	case *every <= 0:
		return wrongUsage(fs, "-every %v is not positive", *every)
	}
	err := func() error {
		s, err := subjectOf(fs.Arg(0), *variable)
		if err != nil {
			return err
		}
		return watch(ctx, s, *times, *every, newScreen(stdout))
	}()
	if err != nil {
		fmt.Fprintf(stderr, "uringnet top: %s: %v\n", fs.Arg(0), err)
		return exitFailure
	}
	return exitOK
}

// subjectOf takes a number for a process id and all else for a URL.
func subjectOf(name, variable string) (subject, error) {
	if pid, err := strconv.Atoi(name); err == nil {
		return newProcess(pid)
	}
	return newVars(name, variable)
}

// watch looks until ctx ends, which is no error, or so many times.
func watch(ctx context.Context, s subject, times int, every time.Duration, out *screen) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var before sample
	for n := 1; ; n++ {
		now, err := s.look(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if err := out.show(now, before); err != nil {
			return err
		}
		if n == times {
			return nil
		}
		before = now
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// isTerminal reports whether escape sequences make sense on w. A character device that is no
// terminal, such as /dev/null, does not mind them.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
