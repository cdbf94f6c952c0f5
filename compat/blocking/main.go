//go:build linux

// Blocking shows the blocking anomaly: goroutines read from a source that is slow, by package os
// and by package file, and their process is looked at meanwhile: its threads, those that the kernel
// has for it, and how long an echo over a socket takes beside.
//
//	cd compat && go run ./blocking [-goroutines 1000] [-reads 3] [-rate 500] [-queue 0]
//	cd compat && go run ./blocking -serve [-goroutines 64] [-rate 500]
//
// With -serve it is a file server whose files are not in memory: so many clients ask for them, and
// a few more for a small file that is.
//
// The source is a file on a loop device that a control group allows so many reads a second. It
// needs the privilege to mount, and the group blkio or io. Such reads wait before the queue of the
// device. With -queue it is the disk below that is so slow, and the queue of the loop device that
// is full.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// plan is what a child does. It travels as JSON in planEnv.
type plan struct {
	Kind       string // "os" or "file"
	Name       string // the file to read
	Group      string // a control group to join, or nothing
	Goroutines int
	Reads      int // of each goroutine, a page each
	Serve      bool
}

const planEnv = "URINGNET_BLOCKING_PLAN"

// kinds are the packages that are compared.
var kinds = []string{"os", "file"}

func main() {
	if text := os.Getenv(planEnv); text != "" {
		if err := child(text); err != nil {
			fail(err)
		}
		return
	}
	var p plan
	flag.IntVar(&p.Goroutines, "goroutines", 1000, "how many `goroutines` read")
	flag.IntVar(&p.Reads, "reads", 3, "how many `pages` each of them reads")
	serve := flag.Bool("serve", false, "compare file servers")
	rate := flag.Int("rate", 500, "how many `reads` a second the source allows")
	queue := flag.Int("queue", 0, "how many `places` the queue of its device has; 0 for one that is never full")
	flag.Parse()
	s, err := newSource(*rate, *queue)
	if err != nil {
		fail(err)
	}
	run := compare
	if *serve {
		run = serveAll
	}
	if err := errors.Join(run(p, s), s.close()); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "blocking:", err)
	if errors.Is(err, errNotHere) {
		os.Exit(77)
	}
	os.Exit(1)
}

// compare has a child of each kind read, one after the other.
func compare(p plan, s *source) error {
	fmt.Println("| package | seconds | threads | of them the kernel's | echo p99 before | meanwhile |")
	fmt.Println("|---|--:|--:|--:|--:|--:|")
	for _, kind := range kinds {
		p.Kind, p.Name, p.Group = kind, s.name, s.group
		if err := s.forget(); err != nil {
			return err
		}
		r, err := readOnce(p)
		if err != nil {
			return fmt.Errorf("package %s: %w", kind, err)
		}
		fmt.Printf("| %s | %.1f | %d | %d | %.0f us | %.0f us |\n",
			r.backend, r.seconds, r.threads, r.workers, r.echoBefore, r.echoMeanwhile)
	}
	return nil
}

// startChild starts this program in another process, for a plan.
func startChild(p plan) (cmd *exec.Cmd, stdin io.WriteCloser, stdout *bufio.Reader, err error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, nil, nil, err
	}
	binary, err := os.Executable()
	if err != nil {
		return nil, nil, nil, err
	}
	cmd = exec.Command(binary)
	cmd.Env = append(os.Environ(), planEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	stdin, err = cmd.StdinPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, nil, err
	}
	return cmd, stdin, bufio.NewReader(out), cmd.Start()
}
