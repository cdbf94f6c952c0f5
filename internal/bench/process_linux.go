package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// patience is how long a child may take to start, or to end when it should.
const patience = 10 * time.Second

// process is a child. Closing its standard input tells it to end.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *json.Decoder
	stderr bytes.Buffer
}

// start runs binary with a hidden subcommand and its configuration. The child is killed when ctx
// ends.
func start(ctx context.Context, binary, command string, cfg any, env []string, cpus []int) (*process, error) {
	arg, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, binary, command, string(arg))}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.stderr
	// Its own process group, so that Ctrl-C reaches it through this process only.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdout = json.NewDecoder(out)
	if err := startOn(p.cmd, cpus); err != nil {
		return nil, fmt.Errorf("starting %s: %w", command, err)
	}
	return p, nil
}

// answer reads the next value that the child prints. A child that is silent for too long is killed.
func (p *process) answer(v any, limit time.Duration) error {
	timer := time.AfterFunc(limit, p.kill)
	defer timer.Stop()
	if err := p.stdout.Decode(v); err != nil {
		if !timer.Stop() {
			return fmt.Errorf("no answer within %v", limit)
		}
		return err
	}
	return nil
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }

// wait ends the child and returns the last line of what it had to complain about.
func (p *process) wait() error {
	p.stdin.Close()
	timer := time.AfterFunc(patience, p.kill)
	defer timer.Stop()
	if err := p.cmd.Wait(); err != nil {
		lines := strings.Split(strings.TrimSpace(p.stderr.String()), "\n")
		if lines[0] != "" {
			return errors.New(lines[0])
		}
		return err
	}
	return nil
}

// fail ends a child that has gone wrong and says why: its own words, if it had any, are better than
// err.
func (p *process) fail(err error) error {
	p.kill()
	if werr := p.wait(); werr != nil && p.stderr.Len() > 0 {
		return werr
	}
	return err
}
