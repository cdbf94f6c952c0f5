//go:build linux

// Package proc reads from Linux what a process costs: CPU time, context switches, memory.
package proc

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Sample is what a process, and the machine as a whole, had used up at one moment.
type Sample struct {
	CPU      time.Duration // of the process, precise to the scheduler's clock
	User     time.Duration // of the process, in ticks: good for proportions only
	System   time.Duration
	Switches uint64 // voluntary and involuntary context switches of all threads
	RSS      int64  // bytes
	Machine  time.Duration
	Stolen   time.Duration // CPU time that the hypervisor gave to somebody else
}

// tick is the unit of CPU times under /proc; it is 1/100 s on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// Take samples process pid.
func Take(pid int) (Sample, error) {
	var s Sample
	cpu, err := cpuClock(pid)
	if err != nil {
		return s, fmt.Errorf("reading the CPU clock of process %d: %w", pid, err)
	}
	s.CPU = cpu
	if s.User, s.System, err = times(pid); err != nil {
		return s, err
	}
	if s.Switches, err = switches(pid); err != nil {
		return s, err
	}
	if s.RSS, err = rss(pid); err != nil {
		return s, err
	}
	s.Machine, s.Stolen, err = machine()
	return s, err
}

// cpuClock reads the CPU time of a process, its exited threads and the kernel's io_uring workers
// for it included.
func cpuClock(pid int) (time.Duration, error) {
	const schedClock = 2              // CPUCLOCK_SCHED, include/linux/posix-timers_types.h
	id := int32(^pid)<<3 | schedClock // what clock_getcpuclockid(3) computes
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}

func times(pid int) (user, system time.Duration, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The second field is the command's name in parentheses and may hold anything; count from its
	// end.
	_, rest, _ := bytes.Cut(b, []byte(") "))
	fields := bytes.Fields(rest)
	const utime, stime = 11, 12
	if len(fields) <= stime {
		return 0, 0, fmt.Errorf("/proc/%d/stat has %d fields after the name, too few", pid, len(fields))
	}
	return ticks(fields[utime]), ticks(fields[stime]), nil
}

func ticks(field []byte) time.Duration {
	n, _ := strconv.ParseInt(string(field), 10, 64)
	return time.Duration(n) * tick
}

func switches(pid int) (uint64, error) {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	tasks, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var sum uint64
	for _, t := range tasks {
		b, err := os.ReadFile(dir + "/" + t.Name() + "/status")
		if err != nil {
			continue // the thread has exited meanwhile
		}
		for line := range bytes.Lines(b) {
			if name, value, _ := bytes.Cut(line, []byte(":")); bytes.HasSuffix(name, []byte("voluntary_ctxt_switches")) {
				n, _ := strconv.ParseUint(string(bytes.TrimSpace(value)), 10, 64)
				sum += n
			}
		}
	}
	return sum, nil
}

func rss(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm has %d fields, too few", pid, len(fields))
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), nil
}

// machine sums the busy and the stolen time of all CPUs.
func machine() (busy, stolen time.Duration, err error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, err
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	fields := bytes.Fields(line)
	const user, nice, system, irq, softirq, steal = 1, 2, 3, 6, 7, 8
	if len(fields) <= steal {
		return 0, 0, fmt.Errorf("/proc/stat begins with %d fields, too few", len(fields))
	}
	for _, i := range []int{user, nice, system, irq, softirq} {
		busy += ticks(fields[i])
	}
	return busy, ticks(fields[steal]), nil
}
