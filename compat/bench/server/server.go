//go:build linux

// Package server has the servers that compat/bench compares. Those on package net and on uringnet
// are the same code but for the call that makes the listener.
package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/compat/bench/cells"
	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// Run serves on a loopback address, tells it on out, and returns when in ends.
func Run(cfg server.Config, in io.Reader, out io.Writer) error {
	if cfg.Kind == server.Uringnet || cfg.Kind == server.Whole {
		if err := mistaken(uringnet.Backend(), os.Getenv("URINGNET")); err != nil {
			return err
		}
	}
	host := func(serve func() error) error { return server.Host(cfg, out, serve) }
	if serve := peers[cfg.Kind]; serve != nil {
		return host(func() error { return serve(in, announce(out)) })
	}
	if serve := frameworks[cfg.Work.Kind]; serve != nil {
		return host(func() error { return server.Listening(cfg, in, out, serve) })
	}
	return server.Run(cfg, in, out)
}

var frameworks = map[workload.Kind]func(server.Config, net.Listener) error{
	cells.Fasthttp:  serveFasthttp,
	cells.Redcon:    serveRedcon,
	cells.GRPC:      serveGRPC,
	cells.WebSocket: serveWebSocket,
}

// mistaken says why figures of a backend would pass for uringnet's and are not: it is package net,
// and the environment variable URINGNET has not asked for that.
func mistaken(b uringnet.BackendInfo, env string) error {
	if b.Name == "net" && env != "off" {
		return fmt.Errorf("uringnet itself runs on %v; to measure that, add :URINGNET=off to the server", b)
	}
	return nil
}

// announce tells where the server listens, and that it is made of a module.
func announce(out io.Writer) func(addr, module string) error {
	return func(addr, module string) error {
		return json.NewEncoder(out).Encode(server.Ready{Addr: addr, Backend: module + " " + version(module)})
	}
}

// version is that of a module in this program.
func version(module string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(version unknown)"
	}
	for _, dep := range info.Deps {
		if dep.Path == module {
			return dep.Version
		}
	}
	return "(version unknown)"
}

// errStopped is why a server that nobody has told to end has ended.
var errStopped = errors.New("the server has stopped")

const anyPort = "127.0.0.1:0"
