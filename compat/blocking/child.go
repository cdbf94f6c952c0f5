//go:build linux

package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/file"
)

// result is what a child has seen. Latencies are in microseconds.
type result struct {
	Backend       string
	Seconds       float64 // until all had read
	Threads       int     // the most that the process had at once, without Workers
	Workers       int     // the most threads of the kernel for its io_uring
	EchoBefore    float64 // p99
	EchoMeanwhile float64
}

func child(text string) error {
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	if p.Group != "" {
		pid := strconv.Itoa(os.Getpid())
		if err := os.WriteFile(filepath.Join(p.Group, "cgroup.procs"), []byte(pid), 0); err != nil {
			return err
		}
	}
	if p.Serve {
		return p.serve()
	}
	r, err := p.run()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// readerAt is what the two packages have in common.
type readerAt interface {
	io.ReaderAt
	io.Closer
}

func open(kind, name string) (f readerAt, backend string, err error) {
	if kind == "os" {
		f, err = os.Open(name)
		return f, "os", err
	}
	f, err = file.Open(name)
	return f, "file, on " + uringnet.Backend().Name, err
}

func (p plan) run() (r result, err error) {
	f, backend, err := open(p.Kind, p.Name)
	if err != nil {
		return r, err
	}
	defer f.Close()
	r.Backend = backend
	e, err := startEcho()
	if err != nil {
		return r, err
	}
	const quiet = time.Second
	time.Sleep(quiet) // how long the echo is measured alone, not for something to happen
	if r.EchoBefore, err = e.p99(); err != nil {
		return r, err
	}
	read := make(chan error, 1)
	start := time.Now()
	go func() { read <- p.readAll(f) }()
	r.Threads, r.Workers = threads()
	ticks := time.NewTicker(5 * time.Millisecond)
	defer ticks.Stop()
	for {
		select {
		case err := <-read:
			r.Seconds = time.Since(start).Seconds()
			if err == nil {
				r.EchoMeanwhile, err = e.p99()
			}
			return r, err
		case <-ticks.C:
			own, workers := threads()
			r.Threads, r.Workers = max(r.Threads, own), max(r.Workers, workers)
		}
	}
}

// readAll has each goroutine read pages of its own, and check them.
func (p plan) readAll(f io.ReaderAt) error {
	errs := make([]error, p.Goroutines)
	var readers sync.WaitGroup
	for g := range p.Goroutines {
		readers.Go(func() {
			buf := make([]byte, pageSize)
			for i := range p.Reads {
				if err := readPage(f, buf, g*p.Reads+i); err != nil {
					errs[g] = err
					return
				}
			}
		})
	}
	readers.Wait()
	return errors.Join(errs...)
}

// readPage reads one of the pages that the source has, far from the last.
func readPage(f io.ReaderAt, buf []byte, i int) error {
	const stride = 7919 // a prime, so that all pages come
	page := i * stride % pages
	if _, err := f.ReadAt(buf, int64(page)*pageSize); err != nil {
		return err
	}
	if got := binary.LittleEndian.Uint64(buf); got != uint64(page) {
		return fmt.Errorf("page %d says that it is page %d", page, got)
	}
	return nil
}

// threads counts those of this process: its own, and the kernel's for its io_uring.
func threads() (own, workers int) {
	names, _ := filepath.Glob("/proc/self/task/*/comm")
	for _, name := range names {
		comm, err := os.ReadFile(name)
		switch {
		case err != nil: // it has ended
		case strings.HasPrefix(string(comm), "iou-"):
			workers++
		default:
			own++
		}
	}
	return own, workers
}
