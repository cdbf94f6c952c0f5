package bench

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

func newReport(o Options) *Report {
	return &Report{
		Time:    time.Now().UTC().Truncate(time.Second),
		Commit:  thisCommit(),
		Machine: thisMachine(),
		Settings: Settings{
			Rounds:     o.Rounds,
			Seconds:    o.Window.Seconds(),
			Warmup:     o.Warmup.Seconds(),
			Pin:        o.Pin,
			GOMAXPROCS: o.GOMAXPROCS,
			Depth:      o.Depth,
			Priority:   o.Priority,
		},
	}
}

// thisCommit returns the commit that this program was built from, or nothing if it is not known.
// The go command notes it in a binary that it builds. A program started by 'go run' has no such
// note, but runs in the module's folder, and so it is the commit checked out there.
func thisCommit() string {
	const short = 12
	revision, dirty := "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value[:min(short, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				dirty = "-dirty"
			}
		}
	}
	if revision != "" {
		return revision + dirty
	}
	module, err := os.ReadFile("go.mod")
	if err != nil || !strings.HasPrefix(string(module), "module github.com/uringnet/uringnet\n") {
		return ""
	}
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--exclude=*", fmt.Sprintf("--abbrev=%d", short)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func thisMachine() Machine {
	m := Machine{CPU: runtime.GOARCH, CPUs: runtime.NumCPU(), Kernel: runtime.GOOS, Go: runtime.Version()}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(release))
	}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m
	}
	for line := range strings.Lines(string(info)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	return m
}
