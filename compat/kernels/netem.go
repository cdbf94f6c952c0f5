package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/uringnet/uringnet/compat/kernels/job"
)

// onLine runs the faults of compat/faults that need netem, which few machines have and Debian's
// kernels bring as a module.
func (o *options) onLine(l library, m machine, g guest) (failed bool, err error) {
	out := filepath.Join(g.dir, "src/compat/faults/faults")
	if err := g.goCommand("build", "-ldflags=-w", "-o", out, module+"/compat/faults"); err != nil {
		return false, err
	}
	args := []string{"-line", "-servers", "net,io_uring,ring,poller", "-revision", g.commit()}
	if o.plan.verbose {
		args = append(args, "-v")
	}
	if o.plan.pattern != "" {
		args = append(args, "-run", o.plan.pattern)
	}
	runs := []job.Run{{
		Dir: "/src/compat/faults", Program: "faults", Args: args,
		Seconds: int(o.plan.limit.Seconds()), Verbose: true,
	}}
	var tables []string
	for _, version := range strings.Split(o.kernels, ",") {
		_, outcomes, complaints, err := o.one(l, m, g, version, runs)
		if err != nil {
			return false, err
		}
		for _, c := range complaints {
			fmt.Println("the kernel complains:", c)
		}
		ended := outcomes[0]
		failed = failed || ended.result.Error != "" || len(complaints) > 0
		if !o.plan.verbose && ended.result.Error == "" {
			fmt.Println(ended.out)
		}
		tables = append(tables, tableIn(ended.out))
	}
	if o.write == "" {
		return failed, nil
	}
	text, err := os.ReadFile(o.write)
	if err != nil {
		return failed, err
	}
	before, rest, ok := strings.Cut(string(text), lineBegin)
	_, after, ended := strings.Cut(rest, lineEnd)
	if !ok || !ended {
		return failed, fmt.Errorf("%s lacks the lines %q and %q", o.write, lineBegin, lineEnd)
	}
	text = []byte(before + lineBegin + strings.Join(tables, "\n") + lineEnd + after)
	return failed, os.WriteFile(o.write, text, 0o644)
}

// The table of the faults of the line stands between these lines of a document.
const (
	lineBegin = "<!-- begin: go run ./compat/kernels -netem -write -->\n"
	lineEnd   = "<!-- end: go run ./compat/kernels -netem -write -->\n"
)

// tableIn is what the program prints of the machine, and its table.
func tableIn(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		switch {
		case strings.HasPrefix(line, "Linux "):
			b.Reset()
			b.WriteString(line + "\n")
		case strings.HasPrefix(line, "| "), strings.HasPrefix(line, "|-"):
			b.WriteString(line)
		}
	}
	return b.String()
}

// load lays the modules where the first process looks for them.
func (g guest) load(l library, k kernel, names []string) error {
	from, err := l.modules(k, kernelArch(g.arch), names)
	if err != nil {
		return err
	}
	to := filepath.Join(g.dir, job.Modules)
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.CopyFS(to, os.DirFS(from))
}
