package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadEvents(t *testing.T) {
	const stream = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB/sub"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}
`
	res, outputs, err := readEvents(strings.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	// TestA failed, so the package is not blamed.
	if diff := cmp.Diff(results{"TestA": fail, "TestB": pass, "TestB/sub": pass, "TestC": skip}, res); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"TestA": "    a_test.go:1: wrong\n"}, outputs); diff != "" {
		t.Errorf("outputs of the failed tests (-want +got):\n%s", diff)
	}
}

// Where the go command itself gives up there is nothing to compare: no test is missing for that.
func TestRunnerReportsGoCommand(t *testing.T) {
	r := runner{command: "go", overlay: t.TempDir() + "/none.json", log: io.Discard, timeout: time.Minute}
	if res, _, err := r.test("errors", ""); err == nil {
		t.Errorf("no error, and the outcomes %v", res)
	}
}

func TestReadEventsBlamesPackage(t *testing.T) {
	const stream = `{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"Too many goroutines running after http tests.\n"}
{"Action":"fail","Package":"p"}
`
	res, outputs, err := readEvents(strings.NewReader(stream))
	if err != nil || res[wholePackage] != fail || !strings.Contains(outputs[wholePackage], "Too many") {
		t.Errorf("readEvents = %v, %v, %v; want the package to be blamed", res, outputs, err)
	}
}

func TestReadEventsBuildFailure(t *testing.T) {
	const stream = `{"Action":"build-output","ImportPath":"p","Output":"x.go:1: undefined\n"}
{"Action":"build-fail","ImportPath":"p"}
`
	if _, _, err := readEvents(strings.NewReader(stream)); err == nil || !strings.Contains(err.Error(), "undefined") {
		t.Errorf("err = %v, want the compiler's words", err)
	}
}

func TestCompare(t *testing.T) {
	onNet := results{
		"TestSame": pass, "TestBroken": fail, "TestNew": pass, "TestGone": pass, "TestSkips": pass,
		"TestSubs": pass, "TestSubs/a": pass, "TestSubs/b": pass,
		"TestPorts": pass, "TestPorts/127.0.0.1:4711": pass,
	}
	onUringnet := results{
		"TestSame": pass, "TestBroken": fail, "TestNew": fail, "TestSkips": skip,
		"TestSubs": fail, "TestSubs/a": pass, "TestSubs/b": fail,
		"TestPorts": pass, "TestPorts/127.0.0.1:815": pass,
	}
	want := []difference{
		{Test: "TestGone", Outcome: missing}, {Test: "TestNew", Outcome: fail},
		{Test: "TestSkips", Outcome: skip}, {Test: "TestSubs/b", Outcome: fail},
	}
	if diff := cmp.Diff(want, compare(onNet, onUringnet)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

func TestExplain(t *testing.T) {
	expected, err := readExpected(strings.NewReader(`
# a comment
p TestA | known words | the reason
p TestGone | missing | left out
p TestUnused | x | y
`))
	if err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{
		"TestA/1": "    a_test.go:1: the known words\n",
		"TestA/2": "    a_test.go:1: the known words\n    a_test.go:2: something new\n",
		"TestA/3": "panic: no complaint at all\n",
	}
	diffs := []difference{
		{Test: "TestA/1", Outcome: fail}, {Test: "TestA/2", Outcome: fail}, {Test: "TestA/3", Outcome: fail},
		{Test: "TestAlso", Outcome: fail}, {Test: "TestGone", Outcome: missing},
	}
	unused := explain("p", diffs, outputs, expected)
	for i, want := range []bool{true, false, false, false, true} {
		if got := diffs[i].Why != nil; got != want {
			t.Errorf("%s is explained: %v, want %v", diffs[i].Test, got, want)
		}
	}
	if len(unused) != 1 || unused[0].test != "TestUnused" {
		t.Errorf("unused = %v, want TestUnused", unused)
	}
}

func TestExpectedFileIsWellFormed(t *testing.T) {
	if _, err := readExpected(strings.NewReader(expectedText)); err != nil {
		t.Fatal(err)
	}
	if _, err := readExpected(strings.NewReader("net TestX | no reason")); err == nil {
		t.Error("a line without a reason was accepted")
	}
}

func TestReplaceTest(t *testing.T) {
	r := results{"TestA": fail, "TestA/x": fail, "TestAB": pass}
	r.replaceTest("TestA", results{"TestA": pass, "TestA/y": pass, "TestZ": fail})
	if diff := cmp.Diff(results{"TestA": pass, "TestA/y": pass, "TestAB": pass}, r); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}
