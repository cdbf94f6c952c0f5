//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// patience is how long a program may take to listen, and a client to be answered.
const patience = time.Minute

// outcome is what was seen of a program that ran.
type outcome struct {
	backend string // as it says itself
	rings   int    // descriptors of io_uring while it ran
	answers int
}

// run starts a program in a folder, asks it, and ends it.
func (p program) run(ctx context.Context, binary, dir string, env ...string) (o outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return o, err
	}
	place, free, err := reservePlace(dir)
	if err != nil {
		return o, err
	}
	defer free()
	args, err := p.args(place)
	if err != nil {
		return o, err
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append(env, "URINGNET_DEBUG=1", "HOME="+dir)...)
	cmd.WaitDelay = time.Second
	printed := &log{ready: regexp.MustCompile(p.ready), isReady: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = printed, printed
	if err := cmd.Start(); err != nil {
		return o, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer func() {
		cmd.Process.Kill()
		if err != nil {
			err = fmt.Errorf("%w; it printed:\n%s", err, printed)
		}
	}()
	select {
	case <-printed.isReady:
	case err := <-ended:
		return o, errors.Join(errors.New("it ended before it listened"), err, ctx.Err())
	}
	if o.answers, err = p.ask(place.addr); err != nil {
		return o, err
	}
	o.rings = rings(cmd.Process.Pid)
	m := backendLine.FindStringSubmatch(printed.String())
	if m == nil {
		return o, errors.New("it does not say what its backend is: uringnet is not in it")
	}
	o.backend = m[1]
	return o, nil
}

// backendLine is what URINGNET_DEBUG has a program say.
var backendLine = regexp.MustCompile(`uringnet: backend chosen" backend=(\S+)`)

// log keeps what a process prints, and tells when it says that it is ready.
type log struct {
	ready   *regexp.Regexp
	isReady chan struct{}

	mu   sync.Mutex
	text strings.Builder
	told bool
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if !l.told && l.ready.MatchString(l.text.String()) {
		l.told = true
		close(l.isReady)
	}
	return len(p), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// rings counts the descriptors of io_uring that a process has.
func rings(pid int) (n int) {
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.Contains(to, "io_uring") {
			n++
		}
	}
	return n
}

func split(addr string) (host, port string) {
	host, port, _ = net.SplitHostPort(addr)
	return host, port
}

// plainArgs returns arguments in which ADDR, HOST, PORT and DIR are replaced.
func plainArgs(args ...string) func(place) ([]string, error) {
	return func(p place) ([]string, error) {
		host, port := split(p.addr)
		r := strings.NewReplacer("ADDR", p.addr, "HOST", host, "PORT", port, "DIR", p.dir)
		var out []string
		for _, a := range args {
			out = append(out, r.Replace(a))
		}
		return out, nil
	}
}

// conversation is a connection on which lines are asked and answered.
type conversation struct {
	net.Conn
	in *bufio.Reader
}

func dial(addr string) (*conversation, error) {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(patience))
	return &conversation{c, bufio.NewReader(c)}, nil
}

// say sends text.
func (c *conversation) say(text string) error {
	_, err := io.WriteString(c, text)
	return err
}

// expect reads a line, which must contain want.
func (c *conversation) expect(want string) error {
	line, err := c.in.ReadString('\n')
	if err == nil && !strings.Contains(line, want) {
		err = fmt.Errorf("got %q, want %q", line, want)
	}
	return err
}
