//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/uringnet/uringnet/compat/bench/cells"
	"github.com/uringnet/uringnet/internal/bench"
)

// The exit codes of command.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

const usage = `usage: cd compat && go run ./bench [flags]

Measures servers that users of Go run, on package net and on uringnet, on loopback addresses, round
by round in turn, and prints a table and a verdict.

A server is one of %s. gnet, nbio and netpoll echo only, and epoll, a raw
event loop, can do little more. Variants of a server: another build of this program after an @,
environment variables after a colon, as in  uringnet@/tmp/old:URINGNET=poller;GOGC=400

cells: %s
A cell is chosen by its name, its group (redcon), or with another number of connections
(redcon/100). So can the other cells of uringnet bench be.

flags:
`

// parse reads the command line. What there is to say has been written to stderr.
func parse(args []string, stderr io.Writer) (bench.Options, error) {
	o := bench.Options{Format: bench.Text, Depth: 1, Runs: cells.Runs}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, usage, strings.Join(cells.Servers(), ", "), strings.Join(cells.Names(), " "))
		fs.PrintDefaults()
	}
	list := fs.String("cells", "", "comma-separated `cells` to measure; default all")
	servers := fs.String("servers", "net,uringnet,uringnet:URINGNET=poller,gnet,nbio,netpoll,epoll", "comma-separated `servers` to compare")
	pin := fs.String("pin", "", "`CPUs` of the server and of the load generator, as in 0:1 or 0-1:2-3; default: both use all")
	seconds := fs.Float64("seconds", 0.6, "length of one measurement in `seconds`")
	warmup := fs.Float64("warmup", 0.2, "`seconds` before each measurement that do not count")
	format := fs.String("format", string(bench.Text), "print the table as `text, markdown or summary`, the last a short Markdown table")
	fs.IntVar(&o.Rounds, "rounds", 5, "`number` of measurements of each server in each cell")
	fs.IntVar(&o.GOMAXPROCS, "gomaxprocs", 0, "GOMAXPROCS of the servers; default: their number of CPUs")
	fs.BoolVar(&o.Priority, "priority", false, "the load generator runs before all other processes, where that is permitted")
	fs.StringVar(&o.JSON, "json", "", "write everything measured to this `file`")
	fs.StringVar(&o.Profiles, "cpuprofile", "", "write a CPU profile of every server process into this `folder`")
	fs.BoolVar(&o.Verbose, "v", false, "print every measurement, and what the rings did in it")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	err := set(&o, *list, *servers, *pin)
	o.Window = time.Duration(*seconds * float64(time.Second))
	o.Warmup = time.Duration(*warmup * float64(time.Second))
	o.Format = bench.Format(*format)
	switch {
	case err != nil:
	case fs.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", fs.Arg(0))
	case o.Window < time.Millisecond || o.Window > time.Minute || o.Warmup < 0 || o.Warmup > time.Minute:
		err = fmt.Errorf("-seconds %g, -warmup %g: want 0.001 to 60 and 0 to 60", *seconds, *warmup)
	case o.Rounds < 1 || o.GOMAXPROCS < 0:
		err = fmt.Errorf("-rounds %d, -gomaxprocs %d: want positive numbers", o.Rounds, o.GOMAXPROCS)
	case !slices.Contains([]bench.Format{bench.Text, bench.Markdown, bench.Summary}, o.Format):
		err = fmt.Errorf("-format %s: want text, markdown or summary", o.Format)
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\nRun it with -h for help.\n", err)
	}
	return o, err
}

func set(o *bench.Options, list, servers, pin string) (err error) {
	if o.Cells, err = cells.Select(list); err != nil {
		return fmt.Errorf("-cells: %w", err)
	}
	if o.Servers, err = bench.ParseSpecs(servers, cells.Servers()); err != nil {
		return fmt.Errorf("-servers: %w", err)
	}
	if o.Pin, err = bench.ParsePin(pin); err != nil {
		return fmt.Errorf("-pin: %w", err)
	}
	return nil
}

// command measures and prints; it returns the exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage
	}
	r, err := bench.Measure(ctx, o, bench.NewProgress(stderr, false))
	if err == nil {
		write(stdout, r, o.Format)
		err = errors.Join(save(r, o.JSON), failure(r))
	}
	if err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return exitFailure
	}
	return exitOK
}

// failure tells why the report is not what was asked for, if so. A wrong answer is among the
// reasons, whatever server gave it.
func failure(r *bench.Report) error {
	var errs []error
	for _, c := range r.Cells {
		for _, s := range c.Servers {
			if s.Error != "" {
				errs = append(errs, fmt.Errorf("%s: %s failed: %s", c.Name, s.Name, s.Error))
			}
		}
	}
	if r.Interrupted {
		errs = append(errs, errors.New("interrupted: the table holds what was measured until then"))
	}
	return errors.Join(errs...)
}

func write(w io.Writer, r *bench.Report, f bench.Format) {
	item := ""
	switch f {
	case bench.Markdown:
		item = "- "
		r.WriteMarkdown(w)
	case bench.Summary:
		item = "- "
		r.WriteSummary(w)
	default:
		r.WriteText(w)
	}
	fmt.Fprintln(w)
	for _, line := range backends(r) {
		fmt.Fprintln(w, item+line)
	}
}

// backends says for each server what ran its sockets.
func backends(r *bench.Report) []string {
	var lines []string
	for _, c := range r.Cells {
		for _, s := range c.Servers {
			line := fmt.Sprintf("%s ran on: %s", s.Name, s.Backend)
			if s.Backend != "" && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func save(r *bench.Report, name string) error {
	if name == "" {
		return nil
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(r.WriteJSON(f), f.Close())
}
