package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// childEnv has arguments of the command, which this binary runs then instead of the tests.
const childEnv = "URINGNET_TEST_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		os.Exit(run(context.Background(), strings.Fields(args), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// echoChild is the command's echo server in a process of its own, whose receives wait on rings.
type echoChild struct {
	cmd   *exec.Cmd
	first string // its first line of output
	conns []net.Conn
}

func startEcho(t *testing.T, conns int) *echoChild {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &echoChild{cmd: exec.CommandContext(t.Context(), exe)}
	c.cmd.Env = append(os.Environ(), childEnv+"=serve -echo -addr 127.0.0.1:0", "URINGNET_WAIT=ring")
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.end)
	if c.first, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal("the server does not start: ", err)
	}
	_, addr, _ := strings.Cut(strings.TrimSpace(c.first), "://")
	for range conns {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		c.conns = append(c.conns, conn)
	}
	return c
}

// end kills the server, if it was not done before, and waits until it is gone.
func (c *echoChild) end() {
	c.cmd.Process.Kill()
	c.cmd.Wait() // says that it was killed
}

// exchange has each connection echo so many bytes, one after the other.
func (c *echoChild) exchange(t *testing.T, times int) {
	t.Helper()
	var b [1]byte
	for range times {
		for _, conn := range c.conns {
			if _, err := conn.Write(b[:]); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, b[:]); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// values are the rows of one look by name, those of all rings together.
func values(t *testing.T, p *process) map[string]uint64 {
	t.Helper()
	s, err := p.look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]uint64{}
	for _, r := range s.rows {
		name := r.name
		if strings.HasPrefix(name, "ring ") {
			_, name, _ = strings.Cut(strings.TrimPrefix(name, "ring "), " ")
		}
		sums[name] += r.value
	}
	return sums
}

// The server helps with nothing, and top sees its sockets, its rings, and what these do.
func TestTopOfProcess(t *testing.T) {
	const conns, times = 3, 20
	child := startEcho(t, conns)
	child.exchange(t, 1)
	p, err := newProcess(child.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	before := values(t, p)
	child.exchange(t, times)
	after := values(t, p)

	// The last receive of each connection may be on its way to the ring.
	least := uint64(conns * (times - 1))
	if !strings.HasPrefix(child.first, "backend io_uring") {
		least = 0
	}
	if after["rings"] == 0 != (least == 0) {
		t.Errorf("there are %d rings; the server says %q", after["rings"], child.first)
	}
	for _, name := range []string{"submitted", "completed"} {
		if grown := uint64(uint32(after[name] - before[name])); grown < least {
			t.Errorf("%s: from %d to %d, which is less than %d more", name, before[name], after[name], least)
		}
	}
	if after["sockets"] < conns+1 || after["all"] < after["sockets"]+after["rings"] {
		t.Errorf("there are %d descriptors, %d sockets, %d rings", after["all"], after["sockets"], after["rings"])
	}
	if after["threads"] < 1 || after["memory"] == 0 || after["voluntary"] == 0 {
		t.Errorf("there are %d threads, %d bytes, %d voluntary context switches", after["threads"], after["memory"], after["voluntary"])
	}
	for _, name := range []string{"CPU time", "voluntary", "involuntary"} {
		if after[name] < before[name] {
			t.Errorf("%s: from %d to %d", name, before[name], after[name])
		}
	}
}

func TestTopOfProcessByCommand(t *testing.T) {
	child := startEcho(t, 1)
	child.exchange(t, 1)
	pid := strconv.Itoa(child.cmd.Process.Pid)
	got := runCommand(t, "top", "-n", "2", "-every", "1ms", pid)
	if got.code != exitOK || got.stderr != "" || strings.Count(got.stdout, "process "+pid+"; ") != 2 {
		t.Fatalf("exit code %d: %s\n%s", got.code, got.stderr, got.stdout)
	}
	for _, want := range []string{"per second", "CPU time", "voluntary", "sockets", "rings"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("there is no %q:\n%s", want, got.stdout)
		}
	}
}

func TestTopOfProcessThatEnds(t *testing.T) {
	child := startEcho(t, 1)
	p, err := newProcess(child.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	values(t, p)
	child.end()
	if _, err := p.look(t.Context()); !errors.Is(err, errEnded) {
		t.Errorf("the error is %v, want %v", err, errEnded)
	}

	// Another process has got the id.
	other, err := newProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	other.started = "1"
	if _, err := other.look(t.Context()); !errors.Is(err, errEnded) {
		t.Errorf("of another process with the id: the error is %v, want %v", err, errEnded)
	}
}

func TestTopOfNoProcess(t *testing.T) {
	const beyond = "4194305" // no process id is greater than 2^22
	for id, want := range map[string]string{beyond: "there is no such process", "0": "greater than 0"} {
		if got := runCommand(t, "top", id); got.code != exitFailure || !strings.Contains(got.stderr, want) {
			t.Errorf("top %s: exit code %d: %s", id, got.code, got.stderr)
		}
	}
}

// Who is not root may not look at the descriptors of a process of root.
func TestTopNotPermitted(t *testing.T) {
	const nobody = 65534
	// The link leads to the binary, whose folder nobody but its owner may enter.
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	pid := 1
	if os.Getuid() == 0 {
		pid = os.Getpid()
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	cmd.Env = append(os.Environ(), childEnv+"=top -n 1 "+strconv.Itoa(pid))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailure || !strings.Contains(string(out), "not permitted: run this as the user of the process, or as root") {
		t.Errorf("%v, printed %q", err, out)
	}
}
