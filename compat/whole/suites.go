//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// suite is a module whose own tests are run by `go test` and by `uringnet go test`.
type suite struct {
	name, module, version string
	args                  []string // of go test: flags and packages
}

var suites = []suite{
	{"redcon", "github.com/tidwall/redcon", "v1.6.4", []string{"./..."}},
	{"coder", "github.com/coder/websocket", "v1.8.15", []string{"./..."}},
	{"gorilla", "github.com/gorilla/websocket", "v1.5.3", []string{"./..."}},
	// A test that is not short sends 16 GB, each write in 250 ms: a busy machine fails it both ways.
	{"yamux", "github.com/hashicorp/yamux", "v0.1.2", []string{"-short", "./..."}},
	{"http2", "golang.org/x/net", "v0.62.0", []string{"./http2", "./nettest", "./netutil", "./websocket"}},
	{"grpc", "google.golang.org/grpc", "v1.85.0", []string{".", "./internal/transport/...", "./test"}},
	// The first that is left out fails both ways. The other counts what happens by chance, and on a
	// busy machine that is too much, both ways.
	{"nats", "github.com/nats-io/nats-server/v2", "v2.15.3", []string{
		"-run=^TestRoute", "-skip=^TestRoute(SlowConsumerRecover|ImplicitNotTooManyDuplicates)$", "./server",
	}},
	{"fasthttp", "github.com/valyala/fasthttp", "v1.77.0", []string{"."}},
}

// trySuites runs suites both ways and prints a row for each. What passes by `go test` alone is an
// error.
func trySuites(ctx context.Context, dir string, names []string) error {
	tool, err := buildTool(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Println("| suite | by | passed | failed | skipped |")
	fmt.Println("|---|---|--:|--:|--:|")
	var errs []error
	tried := 0
	for _, s := range suites {
		if !slices.Contains(names, s.name) && !slices.Contains(names, "all") {
			continue
		}
		tried++
		if err := s.try(ctx, tool, filepath.Join(dir, s.name)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	if tried < len(names) && !slices.Contains(names, "all") {
		errs = append(errs, fmt.Errorf("not all of %s are suites", strings.Join(names, ", ")))
	}
	return errors.Join(errs...)
}

func (s suite) try(ctx context.Context, tool, dir string) error {
	source, err := s.download(ctx, dir)
	if err != nil {
		return err
	}
	args := append([]string{"test", "-json", "-count=1", "-timeout=10m"}, s.args...)
	plain, err := testOutcomes(ctx, source, "go", args...)
	if err != nil {
		return err
	}
	plain.print(s, "go test")
	whole, err := testOutcomes(ctx, source, tool, append([]string{"go"}, args...)...)
	if err != nil {
		return err
	}
	whole.print(s, "uringnet go test")
	return plain.worse(whole)
}

// download returns a copy of the module that tests may write to.
func (s suite) download(ctx context.Context, dir string) (string, error) {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return "", err
	}
	text, err := output(ctx, dir, nil, "go", "mod", "download", "-json", s.module+"@"+s.version)
	if err != nil {
		return "", err
	}
	var module struct{ Dir string }
	// What the go command has to say of the download may come first.
	if err := json.Unmarshal([]byte(text[strings.Index(text, "{"):]), &module); err != nil {
		return "", fmt.Errorf("go mod download said %q: %w", text, err)
	}
	source := filepath.Join(dir, "source")
	return source, os.CopyFS(source, os.DirFS(module.Dir))
}

// outcomes are what became of tests and of packages, by "package" and "package test".
type outcomes struct {
	of   map[string]string // "pass", "fail" or "skip"
	said map[string]string // what those printed that did not pass
}

// testOutcomes runs go test -json.
func testOutcomes(ctx context.Context, dir, name string, args ...string) (outcomes, error) {
	text, failure := output(ctx, dir, nil, name, args...)
	o, isBuilt := readOutcomes(text)
	switch {
	case !isBuilt:
		return o, failure
	case len(o.of) == 0:
		return o, errors.Join(errors.New("nothing was tested"), failure)
	}
	return o, nil
}

// readOutcomes reads what go test -json prints, among what others print. It reports whether all
// tests could be built.
func readOutcomes(text string) (o outcomes, isBuilt bool) {
	o, isBuilt = outcomes{make(map[string]string), make(map[string]string)}, true
	for line := range strings.Lines(text) {
		var e struct{ Action, Package, Test, Output string }
		if json.Unmarshal([]byte(line), &e) != nil {
			continue
		}
		key := strings.TrimSpace(e.Package + " " + e.Test)
		switch e.Action {
		case "build-fail":
			isBuilt = false
		case "output":
			o.said[key] += e.Output
		case "pass":
			delete(o.said, key)
			o.of[key] = e.Action
		case "fail", "skip":
			o.of[key] = e.Action
		}
	}
	return o, isBuilt
}

// worse are the tests and packages that pass in o and not in other.
func (o outcomes) worse(other outcomes) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(o.of)) {
		if o.of[name] == "pass" && other.of[name] != "pass" {
			errs = append(errs, fmt.Errorf("%s: %q by uringnet go test:\n%s", name, other.of[name], other.said[name]))
		}
	}
	return errors.Join(errs...)
}

// print prints a row with the figures of the tests, those of packages left out.
func (o outcomes) print(s suite, by string) {
	names := make(map[string][]string)
	for _, key := range slices.Sorted(maps.Keys(o.of)) {
		if _, name, isTest := strings.Cut(key, " "); isTest {
			names[o.of[key]] = append(names[o.of[key]], name)
		}
	}
	failed := fmt.Sprint(len(names["fail"]))
	if len(names["fail"]) > 0 {
		failed += ": " + strings.Join(names["fail"], ", ")
	}
	fmt.Printf("| %s %s | %s | %d | %s | %d |\n", s.module, s.version, by, len(names["pass"]), failed, len(names["skip"]))
}
