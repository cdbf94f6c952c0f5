package main

import (
	"strings"
	"testing"
)

func TestBenchIsWired(t *testing.T) {
	if got := runCommand(t, "bench", "-h"); got.code != exitOK || !strings.Contains(got.stderr, "usage: uringnet bench") {
		t.Errorf("bench -h: exit code %d, printed %q", got.code, got.stderr)
	}
	if got := runCommand(t, "bench", "-cells", "nonsense"); got.code != exitUsage {
		t.Errorf("a wrong cell: exit code %d, want %d", got.code, exitUsage)
	}
	if isChild, _ := benchChild([]string{"serve"}); isChild {
		t.Error("serve is taken for a part of the benchmark")
	}
	if isChild, code := benchChild([]string{"bench-server", "nonsense"}); !isChild || code != exitFailure {
		t.Errorf("a server with a bad configuration: child %v, exit code %d", isChild, code)
	}
}
