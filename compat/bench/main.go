//go:build linux

// Bench measures servers that users of Go run, on package net and on uringnet side by side:
// fasthttp, redcon, gRPC, WebSocket, and of the cells of uringnet bench net/http, HTTPS, HTTP/2 and
// a reverse proxy. Small echoes are also measured on event loops that others wrote: gnet, nbio,
// netpoll. The server whole is package net's in this program as `uringnet go` builds it.
//
//	cd compat && go run ./bench
//
// Server and load generator are processes of their own: this program starts itself again. How it
// measures, and what the table means, is that of uringnet bench.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/compat/bench/cells"
	"github.com/uringnet/uringnet/compat/bench/client"
	frameworks "github.com/uringnet/uringnet/compat/bench/server"
	"github.com/uringnet/uringnet/internal/bench"
	"github.com/uringnet/uringnet/internal/bench/load"
	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

func main() {
	if isChild, err := child(os.Args[1:]); isChild {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailure)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// child runs a server or a load generator, if args say so.
func child(args []string) (isChild bool, err error) {
	return bench.Roles{Serve: serve, Load: generate}.Child(args, os.Stdin, os.Stdout)
}

// serve keeps standard output for itself: some libraries log there, and the benchmark reads it.
func serve(cfg server.Config, in io.Reader, _ io.Writer) error {
	fd, err := unix.FcntlInt(os.Stdout.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("fcntl: %w", err)
	}
	if err := unix.Dup3(int(os.Stderr.Fd()), int(os.Stdout.Fd()), 0); err != nil {
		return fmt.Errorf("dup3: %w", err)
	}
	return frameworks.Run(cfg, in, os.NewFile(uintptr(fd), "stdout"))
}

// generate loads the server with what its cell is about.
func generate(cfg load.Config) (load.Result, error) {
	switch cfg.Work.Kind {
	case cells.Fasthttp:
		cfg.Work.Kind = workload.HTTP
	case cells.Redcon:
		return client.Run(cfg, client.RESP)
	case cells.GRPC:
		return client.Run(cfg, client.GRPC)
	case cells.WebSocket:
		return client.Run(cfg, client.WebSocket)
	}
	return load.Run(cfg)
}
