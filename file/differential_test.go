//go:build linux

package file

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
	"github.com/uringnet/uringnet/internal/testutil"
)

var (
	oneScript   = flag.Int64("script", -1, "run the script of this seed only, and print it")
	manyScripts = flag.Uint64("scripts", 0, "how many random scripts to run; 0 for as many as take some seconds")
	firstScript = flag.Uint64("first", 0, "the seed of the first of them")
)

// way is how the calls of a script reach the disk.
type way int

const (
	asItIs     way = iota // from memory, mostly
	cold                  // what is read is not in memory
	byRequests            // likewise, and no read may wait in a plain call
)

var wayNames = [...]string{"as it is", "cold", "by requests"}

// Whatever is done to a file of this package ends as it does with one of package os.
func TestDifferential(t *testing.T) {
	first, n := *firstScript, *manyScripts
	switch {
	case *oneScript >= 0:
		first, n = uint64(*oneScript), 1
		t.Log(newScript(first))
	case n > 0:
	case testing.Short():
		n = 200
	case testutil.RaceEnabled:
		n = 400
	default:
		n = 1000
	}
	for i, name := range wayNames {
		t.Run(name, func(t *testing.T) { runScripts(t, way(i), first, n) })
	}
}

func runScripts(t *testing.T, w way, first, n uint64) {
	if w == byRequests {
		forbidPlainReads(t)
	}
	rings := haveRing(t)
	before := sched.ReadFileStats().Submissions
	dirs := [2]string{t.TempDir(), t.TempDir()}
	must, begin := uint64(0), time.Now()
	for seed := first; seed < first+n; seed++ {
		made, problem := compare(dirs, newScript(seed), w)
		must += made
		if problem != "" {
			t.Fatalf("seed %d: %s\n\nagain: go test ./file -run 'TestDifferential/%s' -script %d\n\n%v",
				seed, problem, wayNames[w], seed, newScript(seed))
		}
	}
	got := sched.ReadFileStats().Submissions - before
	t.Logf("%d scripts, %d requests, %v", n, got, time.Since(begin).Round(time.Millisecond))
	switch {
	case !rings:
	case w == byRequests && got < must*9/10 && goesCold(t): // those of holes may be in memory by then
		t.Errorf("%d requests for %d reads of what was not in memory", got, must)
	case w != byRequests && got > 0:
		t.Errorf("%d requests where one goroutine reads", got)
	}
}

// haveRing reports whether files make requests in this process.
func haveRing(t *testing.T) bool {
	t.Helper()
	possible, err := usable()
	return err == nil && possible && new(request).reset(0)
}

// needRing skips a test of requests where none can be made.
func needRing(t *testing.T) {
	t.Helper()
	if !haveRing(t) {
		t.Skip("files make no requests in this process: there is no io_uring")
	}
}

// forbidPlainReads makes a request of each read that has to wait.
func forbidPlainReads(t *testing.T) {
	was := fewReads
	fewReads = 0
	t.Cleanup(func() { fewReads = was })
}

// goesCold reports whether what is written in a temporary folder can be driven out of memory, and
// the file system tells so.
func goesCold(t *testing.T) bool {
	t.Helper()
	name := filepath.Join(t.TempDir(), "cold")
	if err := os.WriteFile(name, make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	chill(name)
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = new(request).readCached(int(f.Fd()), make([]byte, 1), 1<<15)
	return err == errWouldWait
}

// chill drives a file out of memory. What is dirty has to be on the disk before.
func chill(name string) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return // there is none
	}
	defer unix.Close(fd)
	const written = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	_ = unix.SyncFileRange(fd, 0, 0, written)
	_ = unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED)
}

// compare runs a script with both packages, and returns how many calls must have made requests, and
// what is different, or nothing.
func compare(dirs [2]string, s script, w way) (made uint64, problem string) {
	sides := [2]*side{{dir: dirs[0], byOS: true}, {dir: dirs[1], way: w}}
	for _, x := range sides {
		x.prepare(s)
		defer x.end()
	}
	for i := range len(s.ops) + 1 {
		var results [2]string
		for j, x := range sides {
			if i == 0 {
				results[j] = x.open(s)
			} else {
				results[j] = x.do(s.ops[i-1])
			}
		}
		if results[0] != results[1] {
			return 0, fmt.Sprintf("step %d differs\npackage os:   %s\npackage file: %s", i, results[0], results[1])
		}
		if sides[0].f == nil {
			break
		}
	}
	if a, b := sides[0].content(), sides[1].content(); a != b {
		return 0, fmt.Sprintf("the files differ\npackage os:   %.300s\npackage file: %.300s", a, b)
	}
	return sides[1].made, ""
}
