//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/file/httpdir"
)

// served is what the clients of a file server have seen.
type served struct {
	kind     string
	perSec   float64 // cold files a second
	coldP99  float64 // microseconds
	hotP99   float64 // of a small file that is in memory, requested meanwhile
	hotCount int64
}

// serveAll has a file server of each kind answer, one after the other.
func serveAll(p plan, s *source) error {
	fmt.Println("| file server | cold files/s | their p99 | p99 of a small one in memory |")
	fmt.Println("|---|--:|--:|--:|")
	for _, kind := range kinds {
		if err := s.forget(); err != nil {
			return err
		}
		p.Kind, p.Name, p.Group = kind, s.mounted, s.group
		r, err := serveOnce(p)
		if err != nil {
			return fmt.Errorf("package %s: %w", kind, err)
		}
		fmt.Printf("| %s | %.0f | %.0f us | %.0f us |\n", serverNames[r.kind], r.perSec, r.coldP99, r.hotP99)
	}
	return nil
}

var serverNames = map[string]string{
	"os":   "package net, http.Dir",
	"file": "uringnet, httpdir.Dir",
}

// serve is the server's process: it tells its address, and ends with its standard input.
func (p plan) serve() error {
	var l net.Listener
	var dir http.FileSystem
	var err error
	if p.Kind == "os" {
		l, err = net.Listen("tcp", "127.0.0.1:0")
		dir = http.Dir(p.Name)
	} else {
		l, err = uringnet.Listen("tcp", "127.0.0.1:0")
		dir = httpdir.Dir(p.Name)
	}
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	go http.Serve(l, http.FileServer(dir))
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func serveOnce(p plan) (r served, err error) {
	p.Serve = true
	cmd, stdin, stdout, err := startChild(p)
	if err != nil {
		return r, err
	}
	address, err := stdout.ReadString('\n')
	if err == nil {
		r, err = request(p, "http://"+strings.TrimSpace(address)+"/")
	}
	return r, errors.Join(err, stdin.Close(), ignoreKilled(cmd.Wait()))
}

// ignoreKilled is err, but nil for a child that ended as it was told to.
func ignoreKilled(err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Success() {
		return nil
	}
	return err
}

// request has p.Goroutines clients ask for the cold files, and a few for the small one until those
// are done. Each client has a connection of its own.
func request(p plan, url string) (r served, err error) {
	const hotClients = 4
	done := make(chan struct{})
	var hot, cold clients
	for range hotClients {
		hot.start(func(c *client) error {
			for ticks := time.Tick(2 * time.Millisecond); ; <-ticks {
				select {
				case <-done:
					return nil
				default:
				}
				if err := c.get(url+smallName, smallSize); err != nil {
					return err
				}
			}
		})
	}
	names := make(chan string, coldFiles)
	for i := range coldFiles {
		names <- coldName(i)
	}
	close(names)
	start := time.Now()
	for range p.Goroutines {
		cold.start(func(c *client) error {
			for name := range names {
				if err := c.get(url+name, coldSize); err != nil {
					return err
				}
			}
			return nil
		})
	}
	coldHist, coldErr := cold.wait()
	seconds := time.Since(start).Seconds()
	close(done)
	hotHist, hotErr := hot.wait()
	return served{
		kind:     p.Kind,
		perSec:   coldFiles / seconds,
		coldP99:  float64(coldHist.ValueAtPercentile(99)) / 1e3,
		hotP99:   float64(hotHist.ValueAtPercentile(99)) / 1e3,
		hotCount: hotHist.TotalCount(),
	}, errors.Join(coldErr, hotErr)
}

// clients are goroutines that request.
type clients struct {
	running sync.WaitGroup
	all     []*client
}

// client has one connection.
type client struct {
	http http.Client
	hist *hdrhistogram.Histogram
	err  error
}

func (cs *clients) start(run func(*client) error) {
	c := &client{http: http.Client{Transport: &http.Transport{}}, hist: newHistogram()}
	cs.all = append(cs.all, c)
	cs.running.Go(func() {
		c.err = run(c)
		c.http.CloseIdleConnections()
	})
}

// wait returns the latencies of all requests.
func (cs *clients) wait() (*hdrhistogram.Histogram, error) {
	cs.running.Wait()
	hist := newHistogram()
	var errs []error
	for _, c := range cs.all {
		hist.Merge(c.hist)
		errs = append(errs, c.err)
	}
	return hist, errors.Join(errs...)
}

func (c *client) get(url string, want int64) error {
	since := time.Now()
	answer, err := c.http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	n, err := io.Copy(io.Discard, answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || n != want) {
		err = fmt.Errorf("%s: %s, %d bytes", url, answer.Status, n)
	}
	c.hist.RecordValue(int64(time.Since(since)))
	return err
}
