//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/compat/seccomp"
)

// Both processes lock themselves in as docs/security.md advises, when their rings are up: rings
// that are there go on, and no other is made.
var filterSetup = fault{
	name: "filter-setup",
	what: "a seccomp filter, once there is load, that forbids to make rings",
	inject: func(t *trial) error {
		return t.both(func(p *process) error {
			if _, err := p.inside("filter-setup"); err != nil {
				return err
			}
			_, err := p.inside("procs") // more Ps want more rings
			return err
		})
	},
}

// The server forbids itself to hand requests over. What is on a ring could not be taken back any
// more, so the process ends and says why, and does not hang. Without a ring nothing happens.
var filterEnter = fault{
	name: "filter-enter",
	what: "the same that forbids io_uring_enter: a process with a ring ends at once and says why",
	inject: func(t *trial) error {
		submissions, err := t.server.inside("filter-enter")
		if err != nil && !t.server.hasEnded() {
			return err
		}
		if err == nil && submissions == "0" {
			return expose(t)
		}
		select {
		case <-t.server.ended:
		case <-time.After(patience):
			t.outcome.hung++
			return fmt.Errorf("the server goes on without io_uring_enter, and without an end")
		}
		if said := t.server.said.String(); !strings.Contains(said, "io_uring_enter") || !strings.Contains(said, "EPERM") && !strings.Contains(said, "not permitted") {
			return fmt.Errorf("the server ended without naming the cause: %s", said)
		}
		t.outcome.note = "ends, says why"
		return nil
	},
}

// hasEnded waits for a process of which an answer is missing.
func (p *process) hasEnded() bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(patience):
		return false
	}
}

func init() {
	inside["filter-setup"] = func(*Child) (string, error) {
		return "", seccomp.Deny(unix.EPERM, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_REGISTER)
	}
	// The number is how much went over rings before.
	inside["filter-enter"] = func(*Child) (string, error) {
		n := uringnet.ReadStats().Total().Submissions
		return fmt.Sprint(n), seccomp.Deny(unix.EPERM, unix.SYS_IO_URING_ENTER)
	}
}
