//go:build linux

package container

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/uringnet/uringnet"
	"golang.org/x/sys/unix"
)

const (
	nobody  = 65534
	userEnv = "URINGNET_CONTAINER_USER"
	fileEnv = "URINGNET_CONTAINER_NOFILE"
)

func init() {
	children["memlock"] = func() error {
		if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{}); err != nil {
			return err
		}
		if err := dropPrivileges(); err != nil {
			return err
		}
		return serve()
	}
	children["nofile"] = func() error {
		n, err := strconv.ParseUint(os.Getenv(fileEnv), 10, 64)
		if err != nil {
			return err
		}
		// Through package syscall, which knows then that the limit is not to be raised to the hard
		// one.
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return err
		}
		return serve()
	}
}

// dropPrivileges becomes nobody if it is asked to: root's capabilities exempt it from most limits.
func dropPrivileges() error {
	if os.Getenv(userEnv) != "nobody" {
		return nil
	}
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(nobody); err != nil {
		return err
	}
	return syscall.Setuid(nobody)
}

// users are whom a child can be run as.
func users() []string {
	if os.Geteuid() == 0 {
		return []string{"root", "nobody"}
	}
	return []string{"the user of this test"}
}

// TestMemlock allows no locked memory at all. Whether the kernel charges rings to that limit
// depends on its release and on CAP_IPC_LOCK; where it does, the limit must be named.
func TestMemlock(t *testing.T) {
	needRings(t)
	for _, user := range users() {
		t.Run(user, func(t *testing.T) {
			b := child(t, "memlock", userEnv+"="+user)
			if b.Name == "io_uring" {
				expect(t, b, "io_uring")
			} else {
				expect(t, b, "poller", "RLIMIT_MEMLOCK")
			}
		})
	}
}

// TestNofile lowers the limit of file descriptors step by step, until even package net cannot
// serve. On the way down, rings must give way with a reason; they may cost a descriptor for each
// processor and one for taking a socket over.
func TestNofile(t *testing.T) {
	needRings(t)
	const enough = 40
	cost := runtime.GOMAXPROCS(0) + 1
	lowest := enough
	for lowest > 0 && nofile(t, lowest-1, "off") == nil {
		lowest--
	}
	if lowest == enough || lowest == 0 {
		t.Fatalf("package net needs %d descriptors, which cannot be", lowest)
	}
	fallbacks := 0
	for n := enough; n >= lowest; n-- {
		err := nofile(t, n, "auto")
		if fellBack, ok := err.(fallback); ok {
			if !strings.Contains(fellBack.Reason, "RLIMIT_NOFILE") {
				t.Errorf("with %d descriptors the reason is %q, want one that names RLIMIT_NOFILE", n, fellBack.Reason)
			}
			fallbacks++
		} else if err != nil && n >= lowest+cost {
			t.Errorf("with %d descriptors, where package net needs %d: %v", n, lowest, err)
		} else if err != nil {
			t.Logf("with %d descriptors, where package net needs %d: %v", n, lowest, err)
		}
	}
	t.Logf("package net needs %d descriptors; there were %d fallbacks", lowest, fallbacks)
}

// fallback says that a child served without io_uring.
type fallback uringnet.BackendInfo

func (f fallback) Error() string { return uringnet.BackendInfo(f).String() }

// nofile serves in a child with n file descriptors. It returns nil for io_uring, or what URINGNET
// asked for.
func nofile(t *testing.T, n int, mode string) error {
	t.Helper()
	cmd := command(t, "nofile", "URINGNET="+mode, fmt.Sprint(fileEnv, "=", n))
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		return fmt.Errorf("%w: %.300s", err, exit.Stderr)
	} else if err != nil {
		return err
	}
	b := parse(t, string(out))
	if b.Name == "net" && mode != "off" {
		return fallback(b)
	}
	return nil
}
