//go:build linux

package container

import (
	"runtime"
	"testing"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/compat/seccomp"
	"golang.org/x/sys/unix"
)

// filters are ways to take io_uring away. Docker's default profile (moby's default.json) allows a
// list of system calls and answers EPERM to the rest; since release 25 the three of io_uring are
// among the rest.
var filters = []struct {
	name  string
	errno unix.Errno
	calls []uint32
	words string
}{
	{"docker", unix.EPERM, []uint32{unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER}, "seccomp"},
	{"gvisor", unix.ENOSYS, []uint32{unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER}, "no io_uring"},
	{"enter only", unix.EPERM, []uint32{unix.SYS_IO_URING_ENTER}, "operation not permitted"},
	{"register only", unix.EPERM, []uint32{unix.SYS_IO_URING_REGISTER}, "operation not permitted"},
}

func init() {
	for _, f := range filters {
		children["seccomp "+f.name] = func() error {
			if err := seccomp.Deny(f.errno, f.calls...); err != nil {
				return err
			}
			return serve()
		}
	}
	children["seccomp action"] = func() error {
		if err := filterFromEnv(); err != nil {
			return err
		}
		return serve()
	}
	children["seccomp late"] = func() error {
		runtime.GOMAXPROCS(1)
		uringnet.Backend() // rings can be had
		if err := seccomp.Deny(unix.EPERM, unix.SYS_IO_URING_SETUP); err != nil {
			return err
		}
		runtime.GOMAXPROCS(4)
		return serve()
	}
}

func TestSeccomp(t *testing.T) {
	needRings(t)
	for _, f := range filters {
		t.Run(f.name, func(t *testing.T) {
			expect(t, child(t, "seccomp "+f.name), "poller", f.words, f.errno.Error())
		})
	}
}

// TestSeccompActions serves under filters that do worse than to answer an error, and that
// URINGNET=off and URINGNET=poller do not even ask.
func TestSeccompActions(t *testing.T) {
	needRings(t)
	for _, a := range actions {
		if a.want == nil {
			continue
		}
		for _, mode := range []string{"auto", "poller", "off"} {
			t.Run(a.name+"/"+mode, func(t *testing.T) {
				b := child(t, "seccomp action", actionEnv+"="+a.name, callEnv+"=io_uring_setup", "URINGNET="+mode)
				switch mode {
				case "off":
					expect(t, b, "net", "URINGNET=off")
				case "poller":
					expect(t, b, "poller", "URINGNET=poller")
				default:
					expect(t, b, "poller", a.want.Error())
				}
			})
		}
	}
}

// TestSeccompLate is a program that locks itself in once it is up: it gets no further rings, and
// waits in the poller.
func TestSeccompLate(t *testing.T) {
	needRings(t)
	expect(t, child(t, "seccomp late"), "io_uring")
}
