package differential

import (
	"flag"
	"os"
	"testing"
)

// TestMain raises rapid's number of checks: a script is cheap, a hundred of them find little.
func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	if !chosen && !testing.Short() {
		flag.Set("rapid.checks", "2000")
	}
	os.Exit(m.Run())
}
