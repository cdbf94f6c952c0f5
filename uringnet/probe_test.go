package main

import (
	"encoding/json"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/uringnet/uringnet"
)

func TestProbe(t *testing.T) {
	got := runCommand(t, "probe")
	if got.code != exitOK {
		t.Fatalf("exit code %d: %s", got.code, got.stderr)
	}
	for _, want := range []string{"backend  " + uringnet.Backend().Name, uringnet.Backend().Reason, runtime.Version()} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("probe does not say %q:\n%s", want, got.stdout)
		}
	}
}

func TestProbeJSON(t *testing.T) {
	got := runCommand(t, "probe", "-json")
	var f findings
	if err := json.Unmarshal([]byte(got.stdout), &f); err != nil || got.code != exitOK {
		t.Fatalf("exit code %d, %v:\n%s", got.code, err, got.stdout)
	}
	if f.Backend != uringnet.Backend() || f.CPUs != runtime.NumCPU() || f.Limits == nil || f.Features == nil {
		t.Errorf("found %+v", f)
	}
	if (len(f.Features) == 0) != (f.NoRing != "") {
		t.Errorf("%d features, reason for none %q", len(f.Features), f.NoRing)
	}
	if runtime.GOOS == "linux" && !strings.Contains(got.stdout, "RLIMIT_NOFILE") {
		t.Errorf("no limits:\n%s", got.stdout)
	}
}

func TestProbeWarns(t *testing.T) {
	defer func(was func() []string) { warnings = was }(warnings)
	warnings = func() []string { return []string{"this kernel hangs"} }
	var out strings.Builder
	if code := probe(t.Context(), nil, &out, io.Discard); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(out.String(), "\nwarning  this kernel hangs\n") {
		t.Errorf("no warning:\n%s", &out)
	}
}
