package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/uringnet/uringnet/compat/kernels/job"
)

// machine is how an architecture is emulated.
type machine struct {
	emulator string
	args     []string
	console  string
}

var machines = map[string]machine{
	"amd64": {"qemu-system-x86_64", []string{"-cpu", "max"}, "ttyS0"},
	// The 386 tests run on the kernel of amd64, as nearly all 386 programs do.
	"386":   {"qemu-system-x86_64", []string{"-cpu", "max"}, "ttyS0"},
	"arm64": {"qemu-system-aarch64", []string{"-M", "virt", "-cpu", "max,pauth-impdef=on"}, "ttyAMA0"},
	"s390x": {"qemu-system-s390x", []string{"-cpu", "max"}, "ttysclp0"},
}

// kernelArch is the architecture of the kernel for programs of arch.
func kernelArch(arch string) string {
	if arch == "386" {
		return "amd64"
	}
	return arch
}

// outcome is what became of a run.
type outcome struct {
	run    job.Run
	result job.Result
	out    string // what it printed
}

// bootTime is how long a machine may take that has nothing to run.
const bootTime = 3 * time.Minute

// boot runs the list in an emulated machine. The strings are the complaints of the kernel. An error
// says that the machine ended before the list did.
func (m machine) boot(k kernel, initramfs string, runs []job.Run, log io.Writer, verbose bool) ([]outcome, []string, error) {
	limit := bootTime
	for _, r := range runs {
		limit += time.Duration(r.Seconds) * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	args := append([]string{
		"-accel", "tcg,thread=multi", "-smp", "2", "-m", "3072",
		"-kernel", k.image, "-initrd", initramfs,
		"-append", "console=" + m.console + " loglevel=5 panic=-1",
		"-no-reboot", "-display", "none", "-monitor", "none", "-serial", "stdio",
	}, m.args...)
	cmd := exec.CommandContext(ctx, m.emulator, args...)
	cmd.WaitDelay = time.Second
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	c := console{log: log, verbose: verbose}
	over, readErr := c.read(stdout)
	if readErr != nil {
		cancel() // nobody reads what the machine says
	}
	err = cmd.Wait()
	if !over {
		return c.outcomes, c.complaints, fmt.Errorf("the machine ended before its list of runs: %v, %v, %v\n%s%s",
			ctx.Err(), err, readErr, complaint.String(), c.out.String())
	}
	return c.outcomes, c.complaints, nil
}

// console reads what a machine prints.
type console struct {
	log        io.Writer
	verbose    bool
	outcomes   []outcome
	complaints []string
	current    job.Run
	out        strings.Builder // since the last line that was meant for this command
}

var complaints = regexp.MustCompile(`^\[[ 0-9.]+\].*(BUG|WARNING|Oops|Call Trace|rcu: INFO|blocked for more than|Out of memory)`)

// read reports whether the list of runs came to its end.
func (c *console) read(r io.Reader) (over bool, err error) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		line = strings.TrimRight(line, "\r\n")
		if complaints.MatchString(line) {
			c.complaints = append(c.complaints, line)
		}
		if rest, ok := strings.CutPrefix(line, job.Marker); ok {
			kind, text, _ := strings.Cut(rest, " ")
			if err := c.told(kind, text); err != nil {
				return over, err
			}
			over = over || kind == job.Over
		} else {
			fmt.Fprintln(&c.out, line)
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return over, err
		}
	}
}

func (c *console) told(kind, text string) error {
	defer c.out.Reset()
	switch kind {
	case job.Begin:
		c.current = job.Run{}
		return json.Unmarshal([]byte(text), &c.current)
	case job.End:
		o := outcome{run: c.current, out: c.out.String()}
		if err := json.Unmarshal([]byte(text), &o.result); err != nil {
			return err
		}
		c.outcomes = append(c.outcomes, o)
		report(c.log, o, c.verbose)
	}
	return nil
}

// report prints how a run ended, and what it printed if it failed: without the tests that passed,
// unless all is wanted.
func report(w io.Writer, o outcome, verbose bool) {
	r := o.result
	fmt.Fprintf(w, "%-12s %-20s %4d passed, %d skipped, %d failed, %.0f s %s\n", o.run.Program,
		strings.Join(o.run.Env, " "), r.Passed, len(r.Skipped), len(r.Failed), r.Seconds, r.Error)
	switch {
	case verbose:
		fmt.Fprintln(w, o.out)
	case r.Error != "":
		fmt.Fprintln(w, brief(o.out))
	}
}

// brief leaves out of the output of go test -v that a test runs, unless it says something, and that
// it passed.
func brief(out string) string {
	var b strings.Builder
	heading := ""
	for line := range strings.Lines(out) {
		text := strings.TrimLeft(line, " ")
		switch {
		case strings.HasPrefix(text, "=== "):
			heading = line
		case strings.HasPrefix(text, "--- PASS") || strings.TrimSpace(text) == "":
		default:
			b.WriteString(heading + line)
			heading = ""
		}
	}
	return b.String()
}
