//go:build linux

package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/pprof"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/bench/rawio"
	"github.com/uringnet/uringnet/internal/bench/workload"
	"github.com/uringnet/uringnet/internal/gobuild"
)

// Run serves on a loopback address of its own choice, tells it on out, and returns when in ends.
func Run(cfg Config, in io.Reader, out io.Writer) error {
	return Host(cfg, out, func() error {
		if cfg.Kind == Epoll {
			return serveEpoll(cfg.Work, out)
		}
		return Listening(cfg, in, out, serveGo)
	})
}

// Host calls serve with what a server of the benchmark needs around it: enough descriptors, the CPU
// profile that cfg may ask for, and at the end the Final on out.
func Host(cfg Config, out io.Writer, serve func() error) error {
	if err := rawio.RaiseFileLimit(cfg.Work.Sockets()); err != nil {
		return err
	}
	if cfg.CPUProfile != "" {
		f, err := os.Create(cfg.CPUProfile)
		if err != nil {
			return fmt.Errorf("creating the CPU profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("starting the CPU profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	if err := serve(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(Final{Ring: uringnet.ReadStats().Total()})
}

const anyPort = "127.0.0.1:0"

// Listening makes a listener of cfg.Kind, which is Net, Whole or Uringnet, tells its address on
// out, and lets serve have it until in ends.
func Listening(cfg Config, in io.Reader, out io.Writer, serve func(Config, net.Listener) error) error {
	network, addr, err := place(cfg)
	if err != nil {
		return err
	}
	ln, backend, err := listen(cfg.Kind, network, addr)
	if err != nil {
		return err
	}
	defer ln.Close()
	failed := make(chan error, 1)
	go func() { failed <- serve(cfg, ln) }()
	told := ln.Addr().String()
	if network == "unix" {
		told = workload.UnixPrefix + told
	}
	if err := ready(out, told, backend); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	case <-ended(in):
		return nil
	}
}

// place is where to listen.
func place(cfg Config) (network, addr string, err error) {
	if cfg.Work.Kind != workload.HTTPUnix {
		return "tcp", anyPort, nil
	}
	dir, err := os.MkdirTemp(cfg.Scratch, "socket-*")
	if err != nil {
		return "", "", fmt.Errorf("a folder for the socket: %w", err)
	}
	return "unix", filepath.Join(dir, "s"), nil
}

// listen is all that differs between the servers on net and on uringnet.
func listen(kind, network, addr string) (ln net.Listener, backend string, err error) {
	switch kind {
	case Net:
		ln, err = net.Listen(network, addr)
		return ln, "net", err
	case Whole:
		if !gobuild.IsWhole() {
			return nil, "", errors.New("this program was not built by uringnet go")
		}
		ln, err = net.Listen(network, addr)
		return ln, "below package net: " + uringnet.Backend().String(), err
	case Uringnet:
		ln, err = uringnet.Listen(network, addr)
		return ln, uringnet.Backend().String(), err
	}
	return nil, "", fmt.Errorf("no such kind of server: %q", kind)
}

func ready(out io.Writer, addr, backend string) error {
	return json.NewEncoder(out).Encode(Ready{Addr: addr, Backend: backend})
}

// ended is closed at the end of in.
func ended(in io.Reader) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(io.Discard, in)
	}()
	return done
}
