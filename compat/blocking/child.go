//go:build linux

package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/file"
)

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
	return p.run()
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
	return f, "file/" + uringnet.Backend().Name, err
}

// run says how an echo server of this process can be reached and which package reads, waits for a
// line, reads, and says how many seconds that took. It ends with its standard input.
func (p plan) run() error {
	f, backend, err := open(p.Kind, p.Name)
	if err != nil {
		return err
	}
	defer f.Close()
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	go serveEcho(l)
	fmt.Printf("%s %s\n", l.Addr(), backend)
	told := bufio.NewReader(os.Stdin)
	if _, err := told.ReadString('\n'); err != nil {
		return err
	}
	start := time.Now()
	if err := p.readAll(f); err != nil {
		return err
	}
	fmt.Println(time.Since(start).Seconds())
	_, err = io.Copy(io.Discard, told)
	return err
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
