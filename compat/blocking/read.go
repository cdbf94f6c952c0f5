//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// result is what was seen of a child. Latencies are in microseconds.
type result struct {
	backend       string
	seconds       float64 // until all had read
	threads       int     // the most that the process had at once
	workers       int     // the most threads of the kernel for its io_uring, which are among them
	echoBefore    float64 // p99
	echoMeanwhile float64
}

// quiet is how long the echo is measured while nobody reads.
const quiet = time.Second

// readOnce has a child read. It is looked at from this process, so that its scheduler has nothing
// to do but to read and to answer.
func readOnce(p plan) (r result, err error) {
	cmd, stdin, stdout, err := startChild(p)
	if err != nil {
		return r, err
	}
	err = r.watch(cmd.Process.Pid, stdin, stdout)
	return r, errors.Join(err, stdin.Close(), ignoreKilled(cmd.Wait()))
}

func (r *result) watch(pid int, stdin io.Writer, stdout *bufio.Reader) error {
	var address string
	if _, err := fmt.Fscanln(stdout, &address, &r.backend); err != nil {
		return err
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	e := &echo{conn: conn, hist: newHistogram()}
	over := make(chan struct{})
	time.AfterFunc(quiet, func() { close(over) })
	if err := e.until(over); err != nil {
		return err
	}
	r.echoBefore = e.p99()

	over = make(chan struct{})
	counted := make(chan struct{})
	go func() { r.countThreads(pid, over); close(counted) }()
	answered := make(chan error)
	go func() { answered <- e.until(over) }()
	_, err = fmt.Fprintln(stdin)
	if err == nil {
		_, err = fmt.Fscanln(stdout, &r.seconds)
	}
	close(over)
	<-counted
	err = errors.Join(err, <-answered)
	r.echoMeanwhile = e.p99()
	return err
}

// countThreads counts now and then until over is closed. To look at the names of a thousand threads
// takes long, so that is done less often.
func (r *result) countThreads(pid int, over <-chan struct{}) {
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for i := 0; ; i++ {
		r.threads = max(r.threads, threads(pid))
		if i%50 == 0 {
			r.workers = max(r.workers, workers(pid))
		}
		select {
		case <-over:
			return
		case <-ticks.C:
		}
	}
}

// threads is how many a process has.
func threads(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "\nThreads:")
	line, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.Atoi(strings.TrimSpace(line))
	return n
}

// workers is how many of them are the kernel's.
func workers(pid int) (n int) {
	names, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/comm", pid))
	for _, name := range names {
		if comm, _ := os.ReadFile(name); strings.HasPrefix(string(comm), "iou-") {
			n++
		}
	}
	return n
}
