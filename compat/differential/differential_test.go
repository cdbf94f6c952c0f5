package differential

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestScripts compares uringnet with net. -rapid.checks says how many scripts, -rapid.seed repeats
// a run.
func TestScripts(t *testing.T) {
	gen := scripts()
	rapid.Check(t, func(t *rapid.T) {
		if diff := Compare(Net(), Uringnet(), gen.Draw(t, "script")); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestNetAgreesWithItself shows that the scripts are deterministic: a difference between net
// and net would be the tester's own fault.
func TestNetAgreesWithItself(t *testing.T) {
	gen := scripts()
	rapid.Check(t, func(t *rapid.T) {
		if diff := Compare(Net(), Net(), gen.Draw(t, "script")); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzScripts is TestScripts guided by coverage.
func FuzzScripts(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x00any bytes are a script"))
	f.Fuzz(func(t *testing.T, data []byte) {
		script := FromBytes(data)
		script.Steps = slices.DeleteFunc(script.Steps, func(s Step) bool { return leftOut(s.Op) })
		if diff := Compare(Net(), Uringnet(), script); diff != "" {
			small := Minimise(script, func(s Script) bool { return Compare(Net(), Uringnet(), s) != "" })
			t.Fatalf("%s\nminimised:\n%v", diff, small)
		}
	})
}

// TestSaved runs the scripts in testdata/scripts: each once showed a difference, or covers what
// random ones rarely reach.
func TestSaved(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts found: %v", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			s, err := Parse(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := Compare(Net(), Uringnet(), s); diff != "" {
				t.Fatal(diff)
			}
		})
	}
}

func TestScriptTextRoundTrip(t *testing.T) {
	gen := scripts()
	rapid.Check(t, func(t *rapid.T) {
		s := gen.Draw(t, "script")
		again, err := Parse(s.String())
		if err != nil || again.String() != s.String() {
			t.Fatalf("Parse(%q) = %q, %v", s, again, err)
		}
	})
}

func TestParseRejects(t *testing.T) {
	for _, text := range []string{"udp", "tcp\nfly 0a 1", "tcp\nwrite 9a 1", "tcp\nwrite 0c 1", "tcp\nwrite 0a -1", "tcp\nwrite"} {
		if s, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", text, s)
		}
	}
}
