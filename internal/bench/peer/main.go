//go:build linux && iouring_peer

// Command peer is the benchmark's echo server on the top-level API of github.com/iceber/iouring-go.
// It is a program of its own because that API refers to unexported names of package syscall, which
// the Go linker forbids since Go 1.23: it must be linked with -ldflags=-checklinkname=0. The
// benchmark builds it when needed.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	iouring "github.com/iceber/iouring-go"
	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
	"github.com/uringnet/uringnet/internal/bench/server"
)

// peerEntries is the size of the peer's ring: it holds an operation per connection, so that the
// completion queue, twice as long, does not overflow.
const peerEntries = 4096

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "iouring-go server:", err)
		os.Exit(1)
	}
}

// run serves until standard input ends.
func run() error {
	cfg, err := config(os.Args)
	if err != nil {
		return err
	}
	if err := rawio.RaiseFileLimit(cfg.Work.Conns + cfg.Work.IdleConns); err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer ln.Close()
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	defer f.Close()
	ring, err := iouring.New(peerEntries)
	if err != nil {
		return fmt.Errorf("setting up iouring-go's ring: %w", err)
	}
	p := &peer{ring: ring, size: server.BufferSize(cfg.Work)}
	failed := make(chan error, 1)
	go func() { failed <- p.accept(int(f.Fd())) }()
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		failed <- err
	}()
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(server.Ready{Addr: ln.Addr().String(), Backend: "io_uring"}); err != nil {
		return err
	}
	if err := <-failed; err != nil {
		return err
	}
	return out.Encode(server.Final{})
}

// config reads the command line, which is like that of the other servers.
func config(args []string) (cfg server.Config, err error) {
	if len(args) != 3 {
		return cfg, errors.New("this program is for uringnet bench to start")
	}
	if err := json.Unmarshal([]byte(args[2]), &cfg); err != nil {
		return cfg, fmt.Errorf("reading the configuration: %w", err)
	}
	if !server.Runs(server.Peer, cfg.Work) {
		return cfg, fmt.Errorf("this server does not do %q", cfg.Work.Kind)
	}
	return cfg, nil
}

// peer is an echo server as the examples of iouring-go write it: a goroutine per
// connection that submits a request and waits for its result on a channel.
type peer struct {
	ring *iouring.IOURing
	size int // of a buffer
}

func (p *peer) accept(listener int) error {
	results := make(chan iouring.Result, 1)
	for {
		fd, err := p.do(iouring.Accept4(listener, unix.SOCK_CLOEXEC), results)
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
			return fmt.Errorf("setsockopt: %w", err)
		}
		go p.echo(fd)
	}
}

func (p *peer) echo(fd int) {
	defer unix.Close(fd)
	buf := make([]byte, p.size)
	results := make(chan iouring.Result, 1)
	for {
		n, err := p.do(iouring.Recv(fd, buf, 0), results)
		if err != nil || n == 0 {
			return
		}
		for sent := 0; sent < n; {
			m, err := p.do(iouring.Send(fd, buf[sent:n], unix.MSG_NOSIGNAL), results)
			if err != nil {
				return
			}
			sent += m
		}
	}
}

// do submits one request and waits for it.
func (p *peer) do(r iouring.PrepRequest, results chan iouring.Result) (int, error) {
	if _, err := p.ring.SubmitRequest(r, results); err != nil {
		return 0, err
	}
	res, err := (<-results).(iouring.Request).GetRes()
	if err != nil {
		return 0, err
	}
	if res < 0 {
		return 0, unix.Errno(-res)
	}
	return res, nil
}
