package bench

import (
	"os"
	"runtime"
	"strings"
	"time"
)

func newReport(o Options) *Report {
	return &Report{
		Time:    time.Now().UTC().Truncate(time.Second),
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
