package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
)

func system() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "Linux"
	}
	return fmt.Sprintf("%s %s %s", unix.ByteSliceToString(u.Sysname[:]), unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Machine[:]))
}

var warnings = sched.Warnings // but in tests

func limits() []limit {
	return []limit{
		rlimit("RLIMIT_NOFILE", unix.RLIMIT_NOFILE, "open files: sockets and rings"),
		rlimit("RLIMIT_MEMLOCK", unix.RLIMIT_MEMLOCK, memlock()),
		disabled(),
		sysctl("kernel.io_uring_group", "the group that may use io_uring where it is restricted"),
		sysctl("net.core.somaxconn", "connections that wait to be accepted"),
	}
}

func rlimit(name string, resource int, note string) limit {
	var lim unix.Rlimit
	if err := unix.Getrlimit(resource, &lim); err != nil {
		return limit{name, "unknown", err.Error()}
	}
	return limit{name, fmt.Sprintf("%s of %s", amount(lim.Cur), amount(lim.Max)), note}
}

// memlock says what the limit means for rings.
func memlock() string {
	m, err := sched.Memlock()
	if err != nil {
		return err.Error()
	}
	return "bytes of locked memory; " + m.String()
}

func amount(n uint64) string {
	if n == unix.RLIM_INFINITY {
		return "unlimited"
	}
	return fmt.Sprint(n)
}

func sysctl(name, note string) limit {
	b, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	if err != nil {
		return limit{name, "absent", "this kernel does not have the setting"}
	}
	return limit{name, strings.TrimSpace(string(b)), note}
}

func disabled() limit {
	i := sysctl("kernel.io_uring_disabled", "")
	switch i.Value {
	case "0":
		i.Note = "everybody may use io_uring"
	case "1":
		i.Note = "only privileged processes and kernel.io_uring_group may use io_uring"
	case "2":
		i.Note = "nobody may use io_uring; sysctl kernel.io_uring_disabled=0 changes that"
	case "absent":
		i.Note = "this kernel is older than 6.6: no such switch"
	}
	return i
}
