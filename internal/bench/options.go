// Package bench compares servers on uringnet with servers on package net and others, each in a
// process of its own, cell by cell and round by round, and says what the comparison shows.
package bench

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// Options says what to measure and where to put it.
type Options struct {
	Cells      []workload.Cell
	Servers    []Spec
	Rounds     int
	Window     time.Duration // of one measurement
	Warmup     time.Duration // before it, not measured
	Pin        Pin
	GOMAXPROCS int  // of the servers; 0 leaves it to Go
	Depth      int  // messages in flight per connection, where the work allows it
	Priority   bool // the load generator runs before all other processes
	JSON       string
	Plot       string
	Profiles   string // folder for CPU profiles of the servers, or nothing
	Verbose    bool
	From       []string // reports to read instead of measuring
	Format     Format   // of the table

	// Runs reports whether a kind of server can do a kind of work. Nil means server.Runs.
	Runs func(kind string, w workload.Workload) bool
}

// Format is how the report is printed.
type Format string

// The formats.
const (
	Text     Format = "text"     // aligned columns
	Markdown Format = "markdown" // the same as a Markdown table
	Summary  Format = "summary"  // a smaller Markdown table: a row per cell, ratios only
)

const usage = `usage: uringnet bench [flags]

Measures servers on package net, on uringnet, on iouring-go's own API and on a raw epoll loop (the
ceiling), all on loopback addresses, round by round in turn, and prints a table and a verdict.

A server is one of net, uringnet, whole (net, built by uringnet go), iouring-go, epoll. Variants of it: another binary after an @, environment
variables after a colon, as in  uringnet@/tmp/old:URINGNET=off;GOGC=400

cells: %s
A cell is chosen by its name, its group (echo64), the beginning of names, or with another number of
connections (echo64/1000, or echo64/max for as many as the limit of descriptors allows).

Cells with an @ are open loops: requests are sent at a given rate, at random moments (Poisson),
whether or not the server keeps up, and latency counts from the moment that was intended. The rate
is a share of what package net can do, which is found out first, or a number a second:
open-http/1000@30%%, open-http/1000@8000. The others are closed loops: an answer lets the next
request go.

flags:
`

// ParseOptions reads the command line. Its error is flag.ErrHelp if the usage text was asked for;
// what there is to say has been written to stderr.
func ParseOptions(args []string, stderr io.Writer) (Options, error) {
	o := Options{Format: Text}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, usage, strings.Join(workload.Names(), " "))
		fs.PrintDefaults()
	}
	cells := fs.String("cells", "", "comma-separated `cells` to measure; default all")
	servers := fs.String("servers", "net,uringnet,iouring-go,epoll", "comma-separated `servers` to compare")
	pin := fs.String("pin", "", "`CPUs` of the server and of the load generator, as in 0:1 or 0-1:2-3; default: both use all")
	seconds := fs.Float64("seconds", 0.6, "length of one measurement in `seconds`")
	warmup := fs.Float64("warmup", 0.2, "`seconds` before each measurement that do not count")
	fs.IntVar(&o.Rounds, "rounds", 5, "`number` of measurements of each server in each cell")
	fs.IntVar(&o.GOMAXPROCS, "gomaxprocs", 0, "GOMAXPROCS of the servers; default: their number of CPUs")
	fs.IntVar(&o.Depth, "depth", 1, "messages in flight per connection, in the echo, HTTP and idle cells")
	rate := fs.Float64("rate", 0, "`requests` a second in the open-loop cells, instead of their shares of what net can do")
	burst := fs.String("burst", "", "requests of the open-loop cells come in bursts: `ON/OFF`, as in 10ms/90ms, at the same mean rate")
	fs.BoolVar(&o.Priority, "priority", false, "run the load generator before all other processes (SCHED_FIFO), if that is permitted")
	fs.StringVar(&o.JSON, "json", "", "write everything measured to this `file`")
	fs.StringVar(&o.Plot, "plot", "", "draw the ratios to net into this SVG `file`, and latencies into one beside it, a-latency.svg for a.svg")
	fs.StringVar(&o.Profiles, "cpuprofile", "", "write a CPU profile of every server process into this `folder`")
	fs.Func("from", "measure nothing: read comma-separated `files` written by -json, for -format and -plot; of several, the medians over their runs", o.addFrom)
	fs.Func("format", "print the table as `text, markdown or summary`, the last a short Markdown table (default text)", o.setFormat)
	fs.BoolVar(&o.Verbose, "v", false, "print every measurement, and what the rings did in it")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	err := errors.Join(
		noArgs(fs),
		o.set(*cells, *servers, *pin),
		o.setTimes(*seconds, *warmup),
		o.setArrivals(*rate, *burst),
	)
	if err != nil {
		fmt.Fprintf(stderr, "uringnet bench: %v\nRun 'uringnet bench -h' for help.\n", err)
	}
	return o, err
}

func noArgs(fs *flag.FlagSet) error {
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return nil
}

func (o *Options) setFormat(s string) error {
	switch f := Format(s); f {
	case Text, Markdown, Summary:
		o.Format = f
		return nil
	}
	return fmt.Errorf("want %s, %s or %s", Text, Markdown, Summary)
}

func (o *Options) addFrom(list string) error {
	for name := range strings.SplitSeq(list, ",") {
		if name == "" {
			return errors.New("a name is empty")
		}
		o.From = append(o.From, name)
	}
	return nil
}

func (o *Options) set(cells, servers, pin string) (err error) {
	if o.Cells, err = workload.Select(cells); err != nil {
		return fmt.Errorf("-cells: %w", err)
	}
	if o.Servers, err = ParseSpecs(servers, server.Kinds()); err != nil {
		return fmt.Errorf("-servers: %w", err)
	}
	if o.Pin, err = ParsePin(pin); err != nil {
		return fmt.Errorf("-pin: %w", err)
	}
	if o.Depth < 1 || o.Depth > 1024 {
		return fmt.Errorf("-depth %d: want 1 to 1024", o.Depth)
	}
	for i := range o.Cells {
		if w := &o.Cells[i].Work; w.Pipelines() {
			w.Depth = o.Depth
		}
	}
	return nil
}

func (o *Options) setTimes(seconds, warmup float64) error {
	o.Window = time.Duration(seconds * float64(time.Second))
	o.Warmup = time.Duration(warmup * float64(time.Second))
	switch {
	case o.Window < time.Millisecond || o.Window > time.Minute:
		return fmt.Errorf("-seconds %g: want 0.001 to 60", seconds)
	case o.Warmup < 0 || o.Warmup > time.Minute:
		return fmt.Errorf("-warmup %g: want 0 to 60", warmup)
	case o.Rounds < 1:
		return fmt.Errorf("-rounds %d: want at least 1", o.Rounds)
	case o.GOMAXPROCS < 0:
		return fmt.Errorf("-gomaxprocs %d: want a positive number", o.GOMAXPROCS)
	}
	return nil
}

// Pin says on which CPUs the processes run; nil means all.
type Pin struct {
	Server []int `json:"server,omitempty"`
	Client []int `json:"client,omitempty"`
}

// ParsePin reads two lists of CPUs with a colon between them, as in 0:1 or 0-3,8:4-7.
func ParsePin(s string) (Pin, error) {
	if s == "" {
		return Pin{}, nil
	}
	server, client, ok := strings.Cut(s, ":")
	if !ok {
		return Pin{}, fmt.Errorf("%q: want the server's CPUs, a colon, the load generator's CPUs, as in 0:1", s)
	}
	var p Pin
	var err error
	if p.Server, err = parseCPUs(server); err != nil {
		return Pin{}, err
	}
	p.Client, err = parseCPUs(client)
	return p, err
}

func parseCPUs(list string) ([]int, error) {
	const maxCPUs = 1024 // what a unix.CPUSet holds
	var cpus []int
	for item := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(item, "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || from < 0 || to < from || to >= maxCPUs {
			return nil, fmt.Errorf("%q is not a list of CPUs such as 0,2-3", list)
		}
		for cpu := from; cpu <= to; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}
