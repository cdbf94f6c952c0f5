package file

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/uringnet/uringnet/internal/testutil"
)

// Calls on what is in memory allocate nothing.
func TestCallsDoNotAllocate(t *testing.T) {
	if testutil.RaceEnabled {
		t.Skip("a sync.Pool drops things at random under the race detector")
	}
	name := filepath.Join(t.TempDir(), "file")
	must(os.WriteFile(name, make([]byte, 1000), 0o600))
	f, err := OpenFile(name, os.O_RDWR, 0)
	must(err)
	defer f.Close()
	text, buf := string(make([]byte, 1000)), make([]byte, 1000)
	must2 := func(n int, err error) {
		if n != 1000 || err != nil {
			t.Fatal(n, err)
		}
	}
	for name, call := range map[string]func(){
		"WriteString": func() { must2(f.WriteString(text)) },
		"Write":       func() { must2(f.Write(buf)) },
		"WriteAt":     func() { must2(f.WriteAt(buf, 0)) },
		"ReadAt":      func() { must2(f.ReadAt(buf, 0)) },
	} {
		call()
		if n := testing.AllocsPerRun(100, call); n > 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
		if !t.Run(name+", one of many", func(t *testing.T) {
			forbidPlainReads(t)
			if n := testing.AllocsPerRun(100, call); n > 0 {
				t.Errorf("%s allocates %v times", name, n)
			}
		}) {
			return
		}
	}
}
