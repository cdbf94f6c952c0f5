//go:build linux

// Soak has one process do all that connections are used for, at once and for long, and says
// whether what it holds stays flat.
//
//	go run ./compat/soak -for 1h [-chart soak.svg]
//
// Connections come and go, have deadlines, are half closed and reset; there are copies by splice,
// TLS, HTTP, HTTP/2, descriptors that are passed over Unix sockets, and a changing GOMAXPROCS. Each
// of these tasks is in the file that is named after it, and tasks.go lists them. Every byte is
// checked. Each second a sample is taken, and verdict.go has the rule by which it is judged. The
// exit code is 1 if something is not flat, a byte is wrong, a call fails, a goroutine hangs, or
// anything is left in the end.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/compat/census"
	"github.com/uringnet/uringnet/internal/testutil"
)

// patience is how long the tasks may take to end once they are asked to. Whatever takes longer is
// called hung.
const patience = time.Minute

func main() {
	length := flag.Duration("for", 2*time.Minute, "how `long`")
	chart := flag.String("chart", "", "draw the samples into this SVG `file`")
	flag.Parse()
	if *length < shortest {
		fmt.Fprintf(os.Stderr, "soak: %v is too short to judge by, take %v or more\n", *length, shortest)
		os.Exit(2)
	}
	fmt.Println(uringnet.Backend())
	before := census.Take()
	s := newSoak()
	for _, t := range tasks {
		if err := t.start(s); err != nil {
			fmt.Fprintf(os.Stderr, "soak: %s: %v\n", t.name, err)
			os.Exit(2)
		}
	}
	samples := s.watch(*length)
	problems := s.end()
	problems = append(problems, left(before)...)
	verdicts := judge(samples)
	for _, v := range verdicts {
		if !v.flat {
			problems = append(problems, v.metric+" is not flat")
		}
		fmt.Println(v)
	}
	if *chart != "" {
		if err := draw(*chart, samples); err != nil {
			problems = append(problems, err.Error())
		}
	}
	problems = append(problems, s.report()...)
	for _, p := range problems {
		fmt.Println("PROBLEM:", p)
	}
	if len(problems) > 0 {
		fmt.Println("verdict: FAILED")
		os.Exit(1)
	}
	fmt.Printf("verdict: flat over %v, every byte right, nothing hangs, nothing is left\n", *length)
}

// left names what is still there of what has come since an earlier census.
func left(before census.Census) (problems []string) {
	goroutines, files := census.LeftSince(before)
	for _, what := range slices.Concat(goroutines, files) {
		problems = append(problems, "left in the end: "+what)
	}
	if !testutil.Poll(func() bool { return inFlight() == 0 }) {
		problems = append(problems, fmt.Sprintf("%d operations are in flight in the end", inFlight()))
	}
	return problems
}

func inFlight() uint64 { return uringnet.ReadStats().Total().InFlight }
