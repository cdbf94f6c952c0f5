//go:build linux

package simulation

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var withPlanted = flag.Bool("planted", false, "simulate the code with bugs that are planted in it, one after the other")

// planted are bugs: what is to be found once in a file, and what takes its place.
var planted = []struct{ name, file, old, replacement string }{
	{
		"a wake-up is dropped: a notification that nobody waits for yet is not remembered", "sched/park_unsafe.go",
		"if f.state.CompareAndSwap(0, notified) {", "if true {",
	},
	{
		"a generation is used again", "sched/table.go",
		"s.gen = (s.gen + 1) & maxGeneration", "s.gen &= maxGeneration",
	},
	{
		"the barrier is forgotten", "socket/conn.go",
		"\tc.receive.op.AwaitRelease()", "\t",
	},
	{
		"a request completes twice: withdrawn, it reaches the kernel all the same", "ring/queue.go",
		"\t\tq.tail--\n", "",
	},
	{
		"the end of the stream is lost: a receive of no bytes is taken for one that found nothing", "socket/errors.go",
		"\t\treturn 0, io.EOF\n", "\t\t_ = io.EOF\n\t\treturn 0, again\n",
	},
	{
		"what the poller has told is forgotten, and nothing tried", "socket/read.go",
		"if waited == sched.ForNothing && (tried || c.waitsOnRing()) {", "if waited == sched.ForNothing {",
	},
	{
		"what the poller tells while a Write waits is forgotten", "socket/write.go",
		"\t\t\tif err := c.wr.waitReady()", "\t\t\tc.wr.prepare()\n\t\t\tif err := c.wr.waitReady()",
	},
	{
		"a timeout beats the bytes that have come", "socket/read.go",
		"\t\trc.leftRing = true\n", "\t\trc.leftRing = true\n\t\trc.op.Take()\n\t\treturn 0, interrupted\n",
	},
	{
		"a cancellation that missed is not repeated", "sched/op.go",
		"\t\t\tw.cancel(o)\n", "",
	},
	{
		"the timeout of an earlier deadline ends a call", "sched/polldesc.go",
		"\t\tif wasTimed && s.isTimed() {\n\t\t\treturn os.ErrDeadlineExceeded\n\t\t}\n\t\ts.forgetInterruption()\n",
		"\t\t_ = wasTimed\n\t\treturn os.ErrDeadlineExceeded\n",
	},
	{
		"completions that overflow are not noticed", "ring/queue.go",
		"return atomic.LoadUint32(q.kFlags)&sqCQOverflow != 0", "return false",
	},
	{
		"a setter of deadlines does not wake who waits for a ring", "sched/polldesc.go",
		"\t\tif to != untimed {\n\t\t\ts.fut.Notify()\n\t\t}\n", "",
	},
	{
		"a Write that goes on begins at the front again", "socket/write.go",
		"rest := p[done:]", "rest := p[:len(p)-done]",
	},
	{
		"a Read that is interrupted leaves its request to the kernel", "socket/read.go",
		"\t\trc.op.CancelAndAwait()\n\t\trc.leftRing = true\n", "\t\trc.leftRing = true\n\t\treturn 0, interrupted\n",
	},
	{
		"a request about a file that is interrupted returns before the kernel is done", "sched/files.go",
		"\t\tif r.Interrupted() && d.takeBack(r) {\n",
		"\t\tif r.Interrupted() {\n\t\t\td.takeBack(r)\n\t\t\tr.state.Store(requestDone)\n",
	},
	{
		"a request about a file is not handed to the kernel", "sched/disk.go",
		"\t\td.bell.Strike()\n", "",
	},
	{
		"the server of a disk that the kernel has refused is not woken", "sched/disk.go",
		"\t\td.parked.Notify()\n", "",
	},
	{
		"the kernel is handed more requests about files than there is room for", "sched/disk.go",
		"n := min(d.queue.length, d.room())", "n := d.queue.length",
	},
	{
		"a request about a file that the kernel has refused is forgotten", "sched/disk.go",
		"\t\tr.complete(-int32(syscall.ECANCELED), requestHeld)\n\t\td.ended = append(d.ended, r)\n", "",
	},
}

var (
	foundAfter = regexp.MustCompile(`after (\d+) seeds`)
	foundAs    = regexp.MustCompile(`(?m): seed \d+: (.*)$`)
)

// Each planted bug is found. The log is the table of docs/simulation.md.
func TestPlanted(t *testing.T) {
	if !*withPlanted {
		t.Skip("without the flag -planted: it builds this test anew for each bug")
	}
	for _, bug := range planted {
		t.Run(bug.name, func(t *testing.T) {
			out, err := simulateWith(t, bug.file, bug.old, bug.replacement)
			after, as := foundAfter.FindStringSubmatch(out), foundAs.FindStringSubmatch(out)
			if err == nil || after == nil || as == nil {
				t.Fatalf("not found (%v)\n%s", err, out)
			}
			t.Logf("| %s | `internal/%s` | %s | %s |", bug.name, bug.file, after[1], as[1])
		})
	}
}

// simulateWith runs TestSimulation on the code with a change.
func simulateWith(t *testing.T, file, old, replacement string) (string, error) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), old); n != 1 {
		t.Fatalf("%s has %d times what a planted bug replaces, want once:\n%s", file, n, old)
	}
	changed := filepath.Join(t.TempDir(), "changed.go")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), old, replacement, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(list, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	which := "^TestSimulation$"
	if file == "sched/files.go" || file == "sched/disk.go" {
		which = "^TestFileSimulation$"
	}
	out, err := exec.Command("go", "test", "-vet=off", "-count=1", "-overlay", list, ".",
		"-run", which, "-v", "-seeds", "100000", "-timeout", "2m").CombinedOutput()
	return string(out), err
}
