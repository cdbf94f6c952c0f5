//go:build linux

package container

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// dialogue is a child that is talked to.
type dialogue struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
	err strings.Builder
}

func talk(t *testing.T, name string, env ...string) *dialogue {
	t.Helper()
	d := &dialogue{t: t, cmd: command(t, name, env...)}
	d.cmd.Stderr = &d.err
	// A session of its own: what is sent to the test's process group leaves the guard alone.
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := d.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.in, d.out = in, bufio.NewScanner(out)
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return d
}

// hear waits for a word, and skips the test if the child asks for it.
func (d *dialogue) hear(word string) {
	d.t.Helper()
	d.out.Scan()
	if reason, ok := strings.CutPrefix(d.out.Text(), "skip: "); ok {
		d.t.Skip("the machine does not let the child do it: ", reason)
	}
	if d.out.Text() != word {
		d.t.Fatalf("the child says %q, want %q; %s", d.out.Text(), word, d.err.String())
	}
}

func (d *dialogue) say(word string) {
	if _, err := io.WriteString(d.in, word+"\n"); err != nil {
		d.t.Fatal(err)
	}
}

// end closes the child's input and waits for it.
func (d *dialogue) end() {
	d.in.Close()
	for d.out.Scan() {
	}
	if err := d.cmd.Wait(); err != nil {
		d.t.Errorf("the child: %v; %s", err, d.err.String())
	}
}
