//go:build linux

// Package search is the part of the benchmark that reads files: goroutines search a pattern through
// a tree, by package os or by package file.
package search

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/file"
	"github.com/uringnet/uringnet/internal/bench/load"
	"github.com/uringnet/uringnet/internal/bench/proc"
	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// Config is one search.
type Config struct {
	Kind string            `json:"kind"` // server.Net for package os, server.Uringnet for package file
	Dir  string            `json:"dir"`  // made by MakeTree for the same work
	Work workload.Workload `json:"work"`
}

// Result is what was measured, and what ran.
type Result struct {
	load.Result
	Backend string `json:"backend"`
}

// reader is what differs between the two packages.
type reader struct {
	whole func(name string) ([]byte, error)
	open  func(name string) (io.ReadCloser, error)
}

// Run searches through all files of the tree. Requests are files, and latencies the times that it
// took to read and search one.
func Run(cfg Config) (Result, error) {
	r, backend, err := readerOf(cfg.Kind)
	if err != nil {
		return Result{}, err
	}
	names := names(cfg.Dir, cfg.Work)
	if err := prepare(names, cfg.Work.Cold); err != nil {
		return Result{}, err
	}
	before, err := proc.Take(os.Getpid())
	if err != nil {
		return Result{}, err
	}
	start := time.Now()
	hist, err := searchAll(names, cfg.Work, r)
	if err != nil {
		return Result{}, err
	}
	elapsed := time.Since(start)
	after, err := proc.Take(os.Getpid())
	if err != nil {
		return Result{}, err
	}
	result := load.Between(before, after, hist)
	result.Requests, result.Seconds = uint64(len(names)), elapsed.Seconds()
	return Result{result, backend}, nil
}

func readerOf(kind string) (r reader, backend string, err error) {
	switch kind {
	case server.Net:
		return reader{os.ReadFile, func(name string) (io.ReadCloser, error) { return os.Open(name) }}, "package os", nil
	case server.Uringnet:
		return reader{file.ReadFile, func(name string) (io.ReadCloser, error) { return file.Open(name) }},
			"package file on " + uringnet.Backend().String(), nil
	}
	return r, "", fmt.Errorf("%q searches no files", kind)
}

// searchAll has as many goroutines as the work has connections take one file after the other.
func searchAll(names []string, w workload.Workload, r reader) (*hdrhistogram.Histogram, error) {
	var next atomic.Int64
	hists, errs := make([]*hdrhistogram.Histogram, w.Conns), make([]error, w.Conns)
	var searchers sync.WaitGroup
	for i := range w.Conns {
		hists[i] = load.NewHistogram()
		searchers.Go(func() {
			s := searcher{reader: r, whole: w.Size <= wholeMax}
			for n := next.Add(1) - 1; n < int64(len(names)); n = next.Add(1) - 1 {
				since := time.Now()
				if errs[i] = s.search(names[n]); errs[i] != nil {
					return
				}
				hists[i].RecordValue(int64(time.Since(since)))
			}
		})
	}
	searchers.Wait()
	for _, h := range hists[1:] {
		hists[0].Merge(h)
	}
	return hists[0], errors.Join(errs...)
}

// A file of up to wholeMax bytes is read as a whole, a larger one in pieces.
const (
	wholeMax = 64 << 10
	piece    = 128 << 10
)

// pattern is in no file.
var pattern = []byte("needle")

type searcher struct {
	reader
	whole bool // files are read as a whole
	buf   []byte
	found int
}

func (s *searcher) search(name string) error {
	if s.whole {
		data, err := s.reader.whole(name)
		s.found += bytes.Count(data, pattern)
		return err
	}
	f, err := s.open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if s.buf == nil {
		s.buf = make([]byte, piece)
	}
	for {
		n, err := f.Read(s.buf)
		s.found += bytes.Count(s.buf[:n], pattern)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
