package thirdparty

import (
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/compat/stdhook"
	"github.com/uringnet/uringnet/compat/stdsuite/overlay"
)

//go:embed expected.txt
var expectedText string

// compareModule runs a module's tests on net and on uringnet.
func compareModule(t *testing.T, m module) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	expected, err := readExpected(expectedText)
	if err != nil {
		t.Fatal("expected.txt:", err)
	}
	onNet, onUringnet := suites(t, m)
	plain, err := onNet.run(m.run, onNet.packages()...)
	if err != nil {
		t.Fatal("on net:", err)
	}
	rings, err := onUringnet.run(m.run, onUringnet.packages()...)
	if err != nil {
		t.Fatal("on uringnet:", err)
	}
	flaky, err := rerun(onUringnet, expected, plain, rings)
	if err != nil {
		t.Fatal("on uringnet, again:", err)
	}
	report(t, expected, plain, rings)
	if len(flaky) > 0 {
		t.Logf("passed on uringnet only when run again: %v", flaky)
	}
}

// rerun gives the tests that differ for no known reason another chance, and returns those that took
// it. A package that crashed leaves the tests behind the crash without an outcome; they run here.
func rerun(onUringnet *suite, expected []expectation, plain, rings *outcomes) (flaky []test, err error) {
	suspects := make(map[string][]test)
	for _, d := range differences(plain, rings) {
		if top := d.top(); find(expected, d, rings) == nil && !slices.Contains(suspects[d.pkg], top) {
			suspects[d.pkg] = append(suspects[d.pkg], top)
		}
	}
	for pkg, tests := range suspects {
		passed, err := onUringnet.retry(pkg, tests, rings)
		if err != nil {
			return nil, err
		}
		flaky = append(flaky, passed...)
	}
	return flaky, nil
}

// suites returns both sides of the comparison, and lets the end of the test look at the sockets of
// the second one.
func suites(t *testing.T, m module) (onNet, onUringnet *suite) {
	dir := t.TempDir()
	toolchain, err := overlay.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range toolchain.Env {
		t.Setenv(name, value)
	}
	w, err := newWorkspace(dir, m)
	if errors.Is(err, errDownload) && os.Getenv("CI") != "true" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	pkgs, err := w.tested()
	if err != nil {
		t.Fatal(err)
	}
	patched := t.TempDir()
	file, err := toolchain.Build(patched, pkgs)
	if err != nil {
		t.Fatal(err)
	}
	counts := t.TempDir()
	t.Cleanup(func() { checkSockets(t, counts) })
	onNet = &suite{workspace: w, timeout: 4 * time.Minute}
	onUringnet = &suite{workspace: w, timeout: 4 * time.Minute, overlay: file, env: []string{stdhook.DirEnv + "=" + counts}}
	return onNet, onUringnet
}

// checkSockets fails the test if the module's tests did not really use uringnet.
func checkSockets(t *testing.T, counts string) {
	if t.Skipped() {
		return
	}
	letters, _ := os.ReadFile(filepath.Join(counts, stdhook.SocketsFile))
	backend, _ := os.ReadFile(filepath.Join(counts, stdhook.BackendFile))
	t.Logf("backend %s; sockets on it: %d listeners, %d accepted, %d dialed, %d from files", backend,
		strings.Count(string(letters), "l"), strings.Count(string(letters), "a"),
		strings.Count(string(letters), "d"), strings.Count(string(letters), "f"))
	for _, kind := range "lad" {
		if !strings.ContainsRune(string(letters), kind) {
			t.Errorf("no socket of kind %c went through uringnet", kind)
		}
	}
	if want := uringnet.Backend().Name; !strings.HasPrefix(string(backend), want+" ") {
		t.Errorf("the tests ran on %q, want %s as here", backend, want)
	}
}

func find(expected []expectation, d test, rings *outcomes) *expectation {
	for i := range expected {
		if expected[i].covers(d, rings.get(d), rings.said[d]) {
			return &expected[i]
		}
	}
	return nil
}

// report logs the figures and fails the test for each difference that nothing explains.
func report(t *testing.T, expected []expectation, plain, rings *outcomes) {
	for _, side := range []struct {
		name string
		*outcomes
	}{{"net", plain}, {"uringnet", rings}} {
		count := make(map[string]int)
		for name, outcome := range side.of {
			if name.name != "" {
				count[outcome]++
			}
		}
		t.Logf("on %s: %d passed, %d failed, %d skipped", side.name, count[pass], count[fail], count[skip])
	}
	for _, d := range differences(plain, rings) {
		if e := find(expected, d, rings); e != nil {
			t.Logf("expected: %v: %s: %s", d, rings.get(d), e.reason)
			continue
		}
		said := rings.said[d]
		if said == "" {
			said = rings.said[test{pkg: d.pkg}] // perhaps a crash
		}
		t.Errorf("%v passes on net; on uringnet: %s\n%s", d, rings.get(d), said)
	}
}
