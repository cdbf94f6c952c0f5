package main

import (
	"bytes"
	"strings"
	"testing"
)

// outcome is what a command did.
type outcome struct {
	code           int
	stdout, stderr string
}

func runCommand(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

func TestExitCodes(t *testing.T) {
	for _, test := range []struct {
		args string
		code int
		want string // on either stream
	}{
		{"", exitUsage, "usage: uringnet COMMAND"},
		{"help", exitOK, "usage: uringnet COMMAND"},
		{"-h", exitOK, "usage: uringnet COMMAND"},
		{"server", exitUsage, `no command is called "server"`},
		{"serve -h", exitOK, "usage: uringnet serve"},
		{"serve -port 80", exitUsage, "flag provided but not defined: -port"},
		{"serve now", exitUsage, `unexpected argument "now"`},
		{"serve -echo -dir .", exitUsage, "exclude each other"},
		{"serve -dir /nonexistent", exitFailure, "no such file"},
		{"serve -dir main.go", exitFailure, "main.go is not a folder"},
		{"serve -addr nonsense", exitFailure, "missing port in address"},
		{"go", exitUsage, "usage: uringnet go"},
		{"go -h", exitOK, "usage: uringnet go"},
		{"go mod tidy", exitUsage, "builds nothing"},
		{"go env GOTOOLCHAIN", exitOK, "local"},
		{"probe -h", exitOK, "usage: uringnet probe"},
		{"probe -xml", exitUsage, "usage: uringnet probe"},
	} {
		got := runCommand(t, strings.Fields(test.args)...)
		if got.code != test.code || !strings.Contains(got.stdout+got.stderr, test.want) {
			t.Errorf("uringnet %s: exit code %d, printed %q; want %d, %q", test.args, got.code, got.stdout+got.stderr, test.code, test.want)
		}
	}
}
