// Command stdsuite runs the standard library's own tests on uringnet and says what differs from
// package net.
//
//	go run ./compat/stdsuite [flags] [packages]
//
// Each package is tested twice: as it is, and with an overlay (see compat/stdsuite/overlay) through
// which net.Listen and net.Dial return uringnet's sockets. With -whole it is built as `uringnet go
// test` does, which has uringnet below package net's own types, instead.
//
// The exit status is 0 if every test that passes on net passes on uringnet too, save those that
// expected.txt names with a reason; with -whole there are none. Run it from the root of the
// repository. URINGNET=off or require chooses uringnet's backend as ever.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/compat/stdhook"
	"github.com/uringnet/uringnet/compat/stdsuite/overlay"
)

//go:embed expected.txt
var expectedText string

var defaultPackages = []string{
	"net", "net/http", "net/http/httputil", "net/http/httptest", "crypto/tls", "net/rpc", "net/smtp", "log/syslog",
}

// releasePackages are the packages that only a release of Go has.
var releasePackages = map[string][]string{
	"go1.27": {"net/http/internal/http2"},
}

// suite holds what is common to all packages of a run.
type suite struct {
	dir        string // scratch: overlay, counts, logs
	onNet      runner
	onUringnet runner
	expected   []expectation
	pattern    *string
	fresh      *bool
	verbose    *bool
	whole      *bool
}

func main() {
	s := &suite{
		pattern: flag.String("run", "", "run only tests that match `regexp`"),
		fresh:   flag.Bool("fresh", false, "run the baseline on package net again, even if its outcome is cached"),
		whole:   flag.Bool("whole", false, "test the standard library that 'uringnet go' builds with"),
		verbose: flag.Bool("v", false, "keep the output of all tests and print that of failed ones"),
	}
	race := flag.Bool("race", false, "build with the race detector")
	short := flag.Bool("short", false, "run the tests in short mode")
	timeout := flag.Duration("timeout", 15*time.Minute, "give up on a package after this time")
	flag.Parse()
	s.onNet = runner{command: "go", race: *race, short: *short, timeout: *timeout}
	s.onUringnet = s.onNet
	ok, err := s.run(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "stdsuite:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run tests the packages, or the usual ones if there is none, and reports whether all differences
// are expected.
func (s *suite) run(packages []string) (bool, error) {
	var err error
	if s.dir, err = os.MkdirTemp("", "uringnet-stdsuite-"); err != nil {
		return false, err
	}
	if !*s.verbose {
		defer os.RemoveAll(s.dir)
	}
	pkgs, err := s.prepare(packages)
	if err != nil {
		return false, err
	}
	good := true
	for _, pkg := range pkgs {
		ok, err := s.testPackage(pkg)
		if err != nil {
			return false, fmt.Errorf("package %s: %w", pkg, err)
		}
		good = good && ok
	}
	if *s.verbose {
		fmt.Println("all output is kept in", s.dir)
	}
	return good, nil
}

// prepare makes what the tests on uringnet are built with, and returns the import paths of the
// packages.
func (s *suite) prepare(packages []string) (paths []string, err error) {
	toolchain, err := overlay.Find(s.dir)
	if err != nil {
		return nil, err
	}
	if len(packages) == 0 {
		packages = slices.Concat(defaultPackages, releasePackages[toolchain.Release])
	}
	if *s.whole {
		return packages, s.onUringnet.buildWhole()
	}
	if s.expected, err = readExpected(strings.NewReader(expectedText)); err != nil {
		return nil, err
	}
	for name, value := range toolchain.Env {
		os.Setenv(name, value)
	}
	pkgs, err := overlay.List(packages...)
	if err != nil {
		return nil, err
	}
	for _, p := range pkgs {
		paths = append(paths, p.ImportPath)
	}
	s.onUringnet.overlay, err = toolchain.Build(s.dir, pkgs)
	return paths, err
}

// testPackage compares one package and prints its part of the report.
func (s *suite) testPackage(pkg string) (bool, error) {
	log, err := os.Create(filepath.Join(s.dir, strings.ReplaceAll(pkg, "/", "_")+".json"))
	if err != nil {
		return false, err
	}
	defer log.Close()
	counts, err := os.MkdirTemp(s.dir, "counts-")
	if err != nil {
		return false, err
	}
	s.onNet.log = io.Discard
	s.onUringnet.log = log
	s.onUringnet.env = []string{stdhook.DirEnv + "=" + counts}

	r := report{pkg: pkg, whole: *s.whole}
	if r.onNet, err = s.baseline(pkg); err != nil {
		return false, err
	}
	if err := s.testOnUringnet(&r); err != nil {
		return false, err
	}
	if *s.whole {
		r.backend = uringnet.Backend().String()
	}
	r.sockets, _ = os.ReadFile(filepath.Join(counts, stdhook.SocketsFile))
	backend, _ := os.ReadFile(filepath.Join(counts, stdhook.BackendFile))
	r.backend += string(backend)
	r.diffs = compare(r.onNet, r.onUringnet)
	r.unused = slices.DeleteFunc(explain(pkg, r.diffs, r.outputs, s.expected), func(e expectation) bool {
		return r.onNet[e.test] != pass // not chosen by the flags
	})
	return r.print(os.Stdout, *s.verbose), nil
}

// testOnUringnet runs a package under the overlay; what fails there and not on net gets two more
// chances, alone.
func (s *suite) testOnUringnet(r *report) error {
	var err error
	u := &s.onUringnet
	if r.onUringnet, r.outputs, err = u.test(r.pkg, *s.pattern); err != nil {
		return err
	}
	wanted := r.onNet.topLevel(func(outcome string) bool { return outcome == pass })
	if err := u.completeAfterCrash(r.pkg, wanted, r.onUringnet, r.outputs); err != nil {
		return err
	}
	suspects := compare(r.onNet, r.onUringnet)
	explain(r.pkg, suspects, r.outputs, s.expected)
	var again []string
	for _, d := range suspects {
		name, _, _ := strings.Cut(d.Test, "/")
		if d.Why == nil && (len(again) == 0 || again[len(again)-1] != name) {
			again = append(again, name)
		}
	}
	r.flaky, err = u.retry(r.pkg, again, 2, r.onUringnet, r.outputs)
	return err
}
