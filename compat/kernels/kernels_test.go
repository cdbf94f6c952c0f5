package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cavaliergopher/cpio"
	"github.com/google/go-cmp/cmp"

	"github.com/uringnet/uringnet/compat/kernels/job"
)

// What a machine printed becomes outcomes, also amid what its kernel has to say.
func TestConsole(t *testing.T) {
	const said = "[    0.000000] Linux version 6.1\r\n" +
		"\r\n@@uringnet begin {\"program\":\"ring.test\",\"env\":[\"A=1\"]}\r\n" +
		"--- FAIL: TestA\r\n" +
		"[   12.345678] WARNING: CPU: 1 PID: 2 at io_uring/refs.h:25\r\n" +
		"\r\n@@uringnet end {\"error\":\"exit status 1\",\"passed\":7,\"failed\":[\"TestA\"]}\r\n"
	const over = "\r\n@@uringnet over {}\r\n"
	c := console{log: io.Discard}
	if ended, err := c.read(strings.NewReader(said)); ended || err != nil {
		t.Fatalf("without its last line a list of runs is over: %v, %v", ended, err)
	}
	c = console{log: io.Discard}
	if ended, err := c.read(strings.NewReader(said + over)); !ended || err != nil {
		t.Fatalf("the list of runs is over: %v, %v", ended, err)
	}
	want := job.Result{Error: "exit status 1", Passed: 7, Failed: []string{"TestA"}}
	if len(c.outcomes) != 1 || cmp.Diff(want, c.outcomes[0].result) != "" {
		t.Errorf("outcomes %+v, want one of %+v", c.outcomes, want)
	}
	if o := c.outcomes[0]; o.run.Program != "ring.test" || !strings.HasPrefix(o.out, "--- FAIL: TestA\n") {
		t.Errorf("the outcome is of %s, which printed %q", o.run.Program, o.out)
	}
	if len(c.complaints) != 1 || !strings.Contains(c.complaints[0], "refs.h") {
		t.Errorf("complaints of the kernel: %q", c.complaints)
	}
}

func TestCell(t *testing.T) {
	for _, tc := range []struct {
		result job.Result
		want   string
	}{
		{job.Result{Passed: 3}, "3"},
		{job.Result{Passed: 3, Skipped: []string{"TestS"}}, "3, 1 skipped"},
		{job.Result{Passed: 3, Error: "exit status 1", Failed: []string{"TestA", "TestB"}}, "**failed: TestA, TestB**"},
		{job.Result{Error: "exit status 1", Failed: []string{"A", "B", "C", "D", "E"}}, "**failed: A, B, C and 2 more**"},
		{job.Result{Passed: 3, Error: "exit status 1"}, "**exit status 1**"}, // what it left behind
	} {
		if got := cell(outcome{result: tc.result}); got != tc.want {
			t.Errorf("%+v is shown as %q, want %q", tc.result, got, tc.want)
		}
	}
}

func TestBrief(t *testing.T) {
	got := brief("=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n=== RUN   TestB/sub\n" +
		"    b_test.go:1: wrong\n    b_test.go:2: worse\n--- FAIL: TestB (0.00s)\n    --- FAIL: TestB/sub (0.00s)\nFAIL\n")
	want := "=== RUN   TestB/sub\n    b_test.go:1: wrong\n    b_test.go:2: worse\n" +
		"--- FAIL: TestB (0.00s)\n    --- FAIL: TestB/sub (0.00s)\nFAIL\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("in short (-want +got):\n%s", diff)
	}
}

func TestMerge(t *testing.T) {
	line := func(kernel, arch, setting, ring string) []string {
		return row{kernel: kernel, arch: arch, setting: setting, cells: map[string]string{"ring": ring}}.columns()
	}
	text := "before\n" + tableBegin + tableEnd + "after\n"
	for _, rows := range [][][]string{
		{line("6.12.9-1, trixie", "amd64", "auto", "1"), line("6.1.5-1, bookworm", "amd64", "net", "2")},
		{line("6.1.5-1, bookworm", "amd64", "auto", "3"), line("6.1.5-1, bookworm", "arm64", "auto", "4")},
		{line("6.1.6-1, bookworm", "amd64", "net", "5")}, // takes the place of the second
	} {
		var err error
		if text, err = merge(text, rows); err != nil {
			t.Fatal(err)
		}
	}
	want := "before\n" + tableBegin + "\n" + markdown([][]string{
		line("6.1.5-1, bookworm", "amd64", "auto", "3"),
		line("6.1.6-1, bookworm", "amd64", "net", "5"),
		line("6.12.9-1, trixie", "amd64", "auto", "1"),
		line("6.1.5-1, bookworm", "arm64", "auto", "4"),
	}) + "\n" + tableEnd + "after\n"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("the document (-want +got):\n%s", diff)
	}
	if _, err := merge("no table\n", nil); err == nil {
		t.Error("a table was put into a document that has no place for one")
	}
}

func TestNatural(t *testing.T) {
	want := []string{"6.1.0-9", "6.1.0-56", "6.9", "6.12.9+deb12", "6.12.107+deb13", "7.0"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, natural)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sorted (-want +got):\n%s", diff)
	}
}

// Only kernels of the very series are meant, and no packages beside them.
func TestPackages(t *testing.T) {
	for _, tc := range []struct {
		ubuntu                bool
		version, arch, choose string
	}{
		{false, "6.1", "amd64", "linux-image-6.1.0-56-cloud-amd64"},
		{false, "6.12", "arm64", "linux-image-6.12.117+deb13-cloud-arm64"},
		{false, "6.1", "s390x", "linux-image-6.1.0-56-s390x"},
		{true, "6.11", "amd64", "linux-image-6.11.0-29-generic"},
	} {
		names := []string{
			"linux-image-6.1.0-56-amd64", "linux-image-6.1.0-56-cloud-amd64", "linux-image-6.1-cloud-amd64",
			"linux-image-6.1.0-56-cloud-amd64-dbg", "linux-image-6.1.0-56-cloud-amd64-unsigned",
			"linux-image-6.12.117+deb13-cloud-arm64", "linux-image-6.12.117+deb13-arm64",
			"linux-image-6.1.0-56-s390x", "linux-image-6.1.0-56-s390x-dbg",
			"linux-image-6.11.0-29-generic", "linux-image-6.11.0-29-lowlatency",
		}
		wanted := source{ubuntu: tc.ubuntu}.packages(tc.version, tc.arch)
		names = slices.DeleteFunc(names, func(n string) bool { return !wanted.MatchString(n) })
		if diff := cmp.Diff([]string{tc.choose}, names); diff != "" {
			t.Errorf("kernel %s of %s (-want +got):\n%s", tc.version, tc.arch, diff)
		}
	}
}

func TestPack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "root")
	want := map[string]string{"init": "first", "etc/hosts": "localhost", "src/a/b.test": "tests"}
	for name, text := range want {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive := dir + ".cpio"
	if err := pack(archive, dir); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, folders := map[string]string{}, map[string]bool{".": true}
	for r := cpio.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !folders[filepath.Dir(h.Name)] {
			t.Errorf("%s comes before its folder: the kernel would drop it", h.Name)
		}
		if h.Mode.IsDir() {
			folders[h.Name] = true
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil || h.Mode.Perm() != 0o755 {
			t.Errorf("%s: mode %v, %v", h.Name, h.Mode, err)
		}
		got[h.Name] = string(text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// The table of the last run stands in what the machine printed, whatever its kernel says amid it.
func TestTableIn(t *testing.T) {
	const said = "netem-delay net 0 / 0 / 0 / 0, 1.0 s\nLinux 6.1, amd64.\n\n| fault | net |\n|---|--:|\n" +
		"[   12.3] veth: up\n| netem-delay: a line | 0 / 0 / 0 / 0 |\n\n"
	want := "Linux 6.1, amd64.\n\n| fault | net |\n|---|--:|\n| netem-delay: a line | 0 / 0 / 0 / 0 |\n"
	if diff := cmp.Diff(want, tableIn(said)); diff != "" {
		t.Errorf("the table (-want +got):\n%s", diff)
	}
}
