//go:build linux

// Command whole builds programs that nobody here wrote by `uringnet go`, starts them, and talks to
// them as their clients do.
//
//	go run ./compat/whole                        the small ones, as .ci/run does
//	go run ./compat/whole -programs caddy,etcd   those that are named; all takes all
//	go run ./compat/whole -ways .                the ways to build, see ways.go
//	go run ./compat/whole -suites redcon,grpc    the own tests of modules; all takes all
//
// A program comes from the module proxy, and is built as it is there. It is run twice: as it is,
// and with URINGNET_WAIT=ring, so that receives wait on rings and /proc/PID/fd shows one. What it
// says of its backend, by URINGNET_DEBUG, is in the table too. The exit status is 0 if all is well.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	names := flag.String("programs", "types,redcon,nats", "the `names` of the programs, or all")
	ways := flag.String("ways", "", "try the ways to build that match the `pattern`, and no programs")
	tests := flag.String("suites", "", "run the suites with these `names` both ways, and no programs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "uringnet-whole-")
	if err == nil {
		defer os.RemoveAll(dir)
		switch {
		case *ways != "":
			err = tryWays(ctx, dir, *ways)
		case *tests != "":
			err = trySuites(ctx, dir, strings.Split(*tests, ","))
		default:
			err = tryPrograms(ctx, dir, strings.Split(*names, ","))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "whole:", err)
		os.RemoveAll(dir)
		os.Exit(1)
	}
}

// tryPrograms tries programs and prints a row for each.
func tryPrograms(ctx context.Context, dir string, names []string) error {
	tool, err := buildTool(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Println("| program | built in | backend | rings in /proc/PID/fd with URINGNET_WAIT=ring | requests answered |")
	fmt.Println("|---|--:|---|--:|--:|")
	tried := 0
	for _, p := range programs {
		if !slices.Contains(names, p.name) && !slices.Contains(names, "all") {
			continue
		}
		tried++
		row, err := p.try(ctx, tool, filepath.Join(dir, p.name))
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Println(row)
	}
	if tried < len(names) && !slices.Contains(names, "all") {
		return fmt.Errorf("not all of %s are programs", strings.Join(names, ", "))
	}
	return nil
}

// try builds a program, runs it twice, and returns a row of the table.
func (p program) try(ctx context.Context, tool, dir string) (row string, err error) {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return "", err
	}
	start := time.Now()
	binary, err := p.build(ctx, tool, dir)
	if err != nil {
		return "", err
	}
	took := time.Since(start).Round(time.Second)
	plain, err := p.run(ctx, binary, filepath.Join(dir, "plain"))
	if err != nil {
		return "", err
	}
	onRing, err := p.run(ctx, binary, filepath.Join(dir, "ring"), "URINGNET_WAIT=ring")
	if err != nil {
		return "", fmt.Errorf("with URINGNET_WAIT=ring: %w", err)
	}
	if onRing.rings == 0 && onRing.backend == "io_uring" {
		return "", fmt.Errorf("no io_uring among the descriptors of the process")
	}
	return fmt.Sprintf("| %s %s | %v | %s | %d | %d |", p.name, p.version, took, plain.backend, onRing.rings,
		plain.answers+onRing.answers), nil
}
