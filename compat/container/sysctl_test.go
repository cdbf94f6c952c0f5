//go:build linux

package container

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

const (
	sysctlFile = "/proc/sys/kernel/io_uring_disabled"
	valueEnv   = "URINGNET_CONTAINER_VALUE"
	allowEnv   = "URINGNET_SYSCTL"
	guard      = "sysctl guard"

	// longest is how long the value may stay changed, even if the test hangs: rings of others
	// cannot start meanwhile.
	longest = 10 * time.Second
)

func init() {
	children[guard] = sysctlGuard
	children["sysctl serve"] = func() error {
		if err := dropPrivileges(); err != nil {
			return err
		}
		fmt.Println("ready")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return nil // the test has been skipped
		}
		return serve()
	}
}

// sysctlGuard sets kernel.io_uring_disabled, which is the whole machine's, when it is told to, and
// sets it back when its standard input ends: that is, whatever becomes of the test, and be it
// killed.
func sysctlGuard() (err error) {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	old, err := os.ReadFile(sysctlFile)
	if err != nil {
		return skipped(err)
	}
	f, err := os.OpenFile(sysctlFile, os.O_WRONLY, 0)
	if err != nil {
		return skipped(err)
	}
	defer f.Close()
	if strings.TrimSpace(string(old)) != "0" {
		return skipped(fmt.Errorf("it is %s already", strings.TrimSpace(string(old))))
	}
	fmt.Println("ready")
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return nil // the test ended before the change
	}
	defer func() { err = errors.Join(err, restore(old)) }()
	if _, err := f.WriteString(os.Getenv(valueEnv)); err != nil {
		return skipped(err)
	}
	fmt.Println("set")
	ended := make(chan struct{})
	go func() {
		io.Copy(io.Discard, in)
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-time.After(longest):
		return errors.New("the test took too long")
	}
}

func restore(old []byte) error {
	if err := os.WriteFile(sysctlFile, old, 0); err != nil {
		return err
	}
	if now, err := os.ReadFile(sysctlFile); err != nil || string(now) != string(old) {
		return fmt.Errorf("%s is %q, not %q again: %w", sysctlFile, now, old, err)
	}
	return nil
}

// skipped tells the test that the machine does not let the guard do its work.
func skipped(err error) error {
	_, err = fmt.Println("skip:", err)
	return err
}

// TestSysctl runs servers while kernel.io_uring_disabled is not 0. The value is the machine's, so
// that it is changed only for the moment in which a waiting child chooses its backend, a few
// milliseconds. Whatever starts its first ring in this moment, such as the test of another package,
// falls back to package net: hence the test must be asked for.
func TestSysctl(t *testing.T) {
	if os.Getenv(allowEnv) != "1" {
		t.Skip("changes a setting of the whole machine: set ", allowEnv, "=1 and run nothing else")
	}
	needRings(t)
	for _, tc := range []struct{ value, user, backend string }{
		{"1", "nobody", "poller"},
		{"1", "root", "io_uring"}, // CAP_SYS_ADMIN is exempt
		{"2", "nobody", "poller"},
		{"2", "root", "poller"},
	} {
		t.Run(tc.value+" "+tc.user, func(t *testing.T) {
			if os.Geteuid() != 0 {
				t.Skip("only root can change ", sysctlFile)
			}
			b := serveUnder(t, tc.value, tc.user)
			if tc.backend == "poller" {
				expect(t, b, "poller", "kernel.io_uring_disabled="+tc.value)
			} else {
				expect(t, b, "io_uring")
			}
		})
	}
}

// serveUnder lets a child choose its backend while the sysctl has a value.
func serveUnder(t *testing.T, value, user string) uringnet.BackendInfo {
	server := talk(t, "sysctl serve", userEnv+"="+user)
	defer server.end()
	server.hear("ready")
	changer := talk(t, guard, valueEnv+"="+value)
	restored := false
	back := func() {
		if !restored {
			restored = true
			changer.end()
		}
	}
	defer back()
	changer.hear("ready")
	changer.say("set")
	changer.hear("set")
	since := time.Now()
	server.say("go")
	b := backendLine(t, server.out)
	back()
	t.Log(sysctlFile, " was ", value, " for about ", time.Since(since))
	servedLine(t, server.out, b)
	return b
}
