// Command kernels runs uringnet's tests on kernels that this machine does not have, in machines
// that are emulated by software.
//
//	go run ./compat/kernels -kernel 6.1,6.12 [flags]
//
// A kernel is fetched from Debian or Ubuntu by its version, and kept in the user's cache. It boots
// with a file system in memory that holds static test binaries and a first process that runs them
// (compat/kernels/init). How each went is printed, and then a table. The exit status is 1 if a test
// failed, or the kernel complained. It needs qemu, apt-get and dpkg-deb.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/uringnet/uringnet/compat/kernels/job"
)

type options struct {
	kernels, arch, packages, settings string
	write                             string
	fresh, fetch, netem               bool
	plan                              plan
}

func main() {
	var o options
	flag.StringVar(&o.kernels, "kernel", "6.1", "versions, such as 6.1, with commas between them; host is this machine")
	flag.StringVar(&o.arch, "arch", "amd64", "amd64, arm64, 386 or s390x")
	flag.StringVar(&o.packages, "packages", strings.Join(allPackages, ","), "whose tests to run")
	flag.StringVar(&o.settings, "settings", "auto,rings,poller,net", "where calls wait, see docs/kernels.md")
	flag.StringVar(&o.write, "write", "", "put the rows into the table of this `file`")
	flag.BoolVar(&o.fresh, "fresh", false, "fetch the newest package of each kernel, even if there is one")
	flag.BoolVar(&o.fetch, "fetch", false, "fetch the kernels, and do no more")
	flag.BoolVar(&o.netem, "netem", false, "in place of tests, run the faults of compat/faults on a line that delays, loses and reorders packets")
	flag.StringVar(&o.plan.pattern, "run", "", "run only tests that match `regexp`")
	flag.StringVar(&o.plan.skip, "skip", "", "run no tests that match `regexp`")
	flag.BoolVar(&o.plan.short, "short", false, "run the tests in short mode")
	flag.BoolVar(&o.plan.verbose, "v", false, "print the output of all tests")
	flag.DurationVar(&o.plan.limit, "timeout", 20*time.Minute, "give up on a package after this time")
	flag.Parse()
	failed, err := o.run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kernels:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

func (o *options) run() (failed bool, err error) {
	m, ok := machines[o.arch]
	if !ok {
		return false, fmt.Errorf("there is no machine for -arch %s", o.arch)
	}
	if o.plan.settings, err = chosen(o.settings); err != nil {
		return false, err
	}
	packages := strings.Split(o.packages, ",")
	if o.write != "" && o.plan.pattern+o.plan.skip != "" {
		return false, errors.New("a row is of whole packages: -write goes neither with -run nor with -skip")
	}
	l, err := openLibrary()
	if err != nil {
		return false, err
	}
	if o.fetch {
		return false, o.fetchAll(l)
	}
	scratch, err := os.MkdirTemp("", "uringnet-kernels-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(scratch)
	root, err := repository()
	if err != nil {
		return false, err
	}
	g := guest{root: root, dir: filepath.Join(scratch, "guest"), arch: o.arch, packages: packages}
	if o.netem {
		return o.onLine(l, m, g)
	}
	if err := g.build(); err != nil {
		return false, err
	}
	var rows [][]string
	for _, version := range strings.Split(o.kernels, ",") {
		runs := o.plan.runs(g)
		k, outcomes, complaints, err := o.one(l, m, g, version, runs)
		if err != nil {
			fmt.Println("FAILED:", err)
		}
		for _, c := range complaints {
			fmt.Println("the kernel complains:", c)
		}
		failed = failed || err != nil || len(complaints) > 0
		if k.version == "" {
			continue // there is no such kernel
		}
		for _, r := range o.rows(k, runs, outcomes, g.revision()) {
			failed = failed || r.failed
			rows = append(rows, r.columns())
		}
	}
	fmt.Printf("\n%s", markdown(rows))
	if o.write != "" {
		err = write(o.write, rows)
	}
	return failed, err
}

func (o *options) fetchAll(l library) error {
	for _, version := range strings.Split(o.kernels, ",") {
		k, err := l.find(version, kernelArch(o.arch), o.fresh)
		if err != nil {
			return err
		}
		fmt.Printf("Linux %s (%s): %s\n", k.release, k.version, k.image)
	}
	return nil
}

// one runs the plan on one kernel.
func (o *options) one(l library, m machine, g guest, version string, runs []job.Run) (kernel, []outcome, []string, error) {
	if version == "host" {
		k := kernel{version: hostRelease() + ", host"}
		var all []outcome
		for _, r := range runs {
			r.Dir = g.dir + r.Dir
			result, out := r.Execute()
			all = append(all, outcome{r, result, string(out)})
			report(os.Stdout, all[len(all)-1], o.plan.verbose)
		}
		return k, all, nil, nil
	}
	if _, err := exec.LookPath(m.emulator); err != nil {
		return kernel{}, nil, nil, err
	}
	k, err := l.find(version, kernelArch(o.arch), o.fresh)
	if err != nil {
		return kernel{}, nil, nil, err
	}
	fmt.Printf("\nLinux %s (%s), %s\n", k.release, k.version, o.arch)
	if o.netem {
		if err := g.load(l, k, netemModules); err != nil {
			return k, nil, nil, err
		}
	}
	initramfs, err := g.initramfs(runs)
	if err != nil {
		return k, nil, nil, err
	}
	outcomes, complaints, err := m.boot(k, initramfs, runs, os.Stdout, o.plan.verbose)
	return k, outcomes, complaints, err
}

// rows makes a row of the outcomes of each setting.
func (o *options) rows(k kernel, runs []job.Run, outcomes []outcome, revision string) []row {
	var rows []row
	for _, s := range o.plan.settings {
		r := row{kernel: k.version, arch: o.arch, setting: s.name, backend: "unknown", when: revision, cells: map[string]string{}}
		if o.plan.short {
			r.when += ", -short"
		}
		for i, run := range runs {
			if !slices.Equal(run.Env, s.env) {
				continue
			}
			// The outcomes are those of the first runs: the machine may have ended before the others.
			name, tests := strings.CutSuffix(run.Program, ".test")
			switch {
			case i >= len(outcomes):
				r.failed = true
				if tests {
					r.cells[name] = "**did not end**"
				}
			case tests:
				r.cells[name] = cell(outcomes[i])
				r.failed = r.failed || outcomes[i].result.Error != ""
			default:
				r.backend = backendOf(outcomes[i].out)
			}
		}
		rows = append(rows, r)
	}
	return rows
}

// backendOf finds the backend in what the command's probe says.
func backendOf(out string) string {
	for line := range strings.Lines(out) {
		if name, ok := strings.CutPrefix(line, "backend "); ok {
			return strings.TrimSpace(name)
		}
	}
	return "unknown"
}

func chosen(names string) ([]setting, error) {
	var out []setting
	for _, name := range strings.Split(names, ",") {
		i := slices.IndexFunc(allSettings, func(s setting) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no setting %s", name)
		}
		out = append(out, allSettings[i])
	}
	return out, nil
}

// repository is the folder of the library's module.
func repository() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	return strings.TrimSpace(string(out)), err
}

// revision is the date, and the commit that is tested.
func (g guest) revision() string {
	return time.Now().UTC().Format(time.DateOnly) + ", " + g.commit()
}

// commit is the commit that is tested. What -write has changed does not count.
func (g guest) commit() string {
	git := func(args ...string) string {
		out, err := exec.Command("git", append([]string{"-C", g.root}, args...)...).Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(out))
	}
	commit := git("rev-parse", "--short", "HEAD")
	if git("status", "--porcelain", "--", ".", ":!docs/kernels.md", ":!docs/reliability.md") != "" {
		commit += "-dirty"
	}
	return commit
}

func hostRelease() string {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}
