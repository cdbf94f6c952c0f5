//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// process is a child as the controlling process sees it.
type process struct {
	name  string
	cmd   *exec.Cmd
	calls *rpc.Client
	said  strings.Builder // on standard error
	ended chan struct{}   // closed when it has
	exit  error
}

// startProcess starts a child under a fault.
func startProcess(name string, env []string, f *fault) (*process, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := append(append([]string{}, f.wrapper...), exe)
	p := &process{name: name, cmd: exec.Command(args[0], args[1:]...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), roleEnv+"="+controlled)
	p.cmd.Env = append(append(p.cmd.Env, env...), f.env...)
	p.cmd.Stderr = &p.said
	// A child does not outlive this process.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if f.apart {
		p.cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWNET
	}
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.calls = jsonrpc.NewClient(struct {
		io.Reader
		io.WriteCloser
	}{out, in})
	go func() {
		defer close(p.ended)
		p.exit = p.cmd.Wait()
	}()
	return p, nil
}

// errHung is that of a process that does not answer.
var errHung = errors.New("does not answer")

// call calls a method of the child.
func (p *process) call(method string, args, result any) error {
	done := p.calls.Go("Child."+method, args, result, make(chan *rpc.Call, 1)).Done
	select {
	case c := <-done:
		if c.Error != nil {
			return fmt.Errorf("the %s, %s: %w", p.name, method, c.Error)
		}
		return nil
	case <-time.After(4 * patience):
		p.signal(syscall.SIGQUIT) // it prints its goroutines
		return fmt.Errorf("the %s, %s: %w", p.name, method, errHung)
	}
}

// inside has a fault happen inside of the child, and returns what the fault says.
func (p *process) inside(name string) (result string, err error) {
	err = p.call("Inside", name, &result)
	return result, err
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// end closes the child's input, upon which it ends.
func (p *process) end() error {
	p.calls.Close()
	select {
	case <-p.ended:
		return p.exit
	case <-time.After(patience):
		p.kill()
		return fmt.Errorf("the %s does not end", p.name)
	}
}

func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}
