package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/uringnet/uringnet"
)

const probeUsage = `usage: uringnet probe [flags]

Tells what this machine offers: kernel, limits, io_uring's features, and which backend uringnet
chooses and why.
`

// findings are what probe finds out.
type findings struct {
	System   string               `json:"system"`
	Go       string               `json:"go"`
	CPUs     int                  `json:"cpus"`
	Backend  uringnet.BackendInfo `json:"backend"`
	Limits   []limit              `json:"limits"`
	Features uringnet.Features    `json:"features"`
	NoRing   string               `json:"no_ring,omitempty"`  // why there are no features
	Warnings []string             `json:"warnings,omitempty"` // known faults of this kernel
}

// limit is a setting that decides whether io_uring can be had and how far it goes.
type limit struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Note  string `json:"note,omitempty"` // what the value means, for a person
}

func probe(_ context.Context, args []string, stdout, stderr io.Writer) int {
	fs := newFlags("probe", probeUsage, stderr)
	asJSON := fs.Bool("json", false, "print JSON")
	if code, ok := parse(fs, args); !ok {
		return code
	}
	f := findings{
		System:   system(),
		Go:       runtime.Version(),
		CPUs:     runtime.NumCPU(),
		Backend:  uringnet.Backend(),
		Limits:   limits(),
		Warnings: warnings(),
	}
	var err error
	if f.Features, err = uringnet.Probe(); err != nil {
		f.Features, f.NoRing = uringnet.Features{}, err.Error()
	}
	if !*asJSON {
		f.print(stdout)
		return exitOK
	}
	enc := json.NewEncoder(stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		fmt.Fprintf(stderr, "uringnet probe: %v\n", err)
		return exitFailure
	}
	return exitOK
}

func (f findings) print(w io.Writer) {
	fmt.Fprintf(w, "system   %s, %s, %d CPUs\n", f.System, f.Go, f.CPUs)
	fmt.Fprintf(w, "backend  %s\n", f.Backend.Name)
	fmt.Fprintf(w, "reason   %s\n", f.Backend.Reason)
	width := 0
	for _, l := range f.Limits {
		width = max(width, len(l.Name))
	}
	for _, text := range f.Warnings {
		fmt.Fprintf(w, "warning  %s\n", text)
	}
	fmt.Fprintln(w, "limits")
	for _, l := range f.Limits {
		fmt.Fprintf(w, "  %-*s  %s  (%s)\n", width, l.Name, l.Value, l.Note)
	}
	if f.NoRing != "" {
		fmt.Fprintf(w, "features of io_uring: none: %s\n", f.NoRing)
		return
	}
	fmt.Fprintln(w, "features of io_uring")
	for line := range strings.Lines(f.Features.String()) {
		fmt.Fprint(w, "  ", line)
	}
}
