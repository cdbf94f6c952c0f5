//go:build linux

package server

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// serveGo serves as Go programs do: a goroutine per connection.
func serveGo(cfg Config, ln net.Listener) error {
	w := cfg.Work
	switch w.Kind {
	case workload.HTTP, workload.HTTPUnix:
		return http.Serve(ln, http.HandlerFunc(hello))
	case workload.HTTPS, workload.HTTP2:
		return serveTLS(ln, http.HandlerFunc(hello))
	case workload.Proxy:
		return serveProxy(cfg, ln)
	case workload.HTTPBurn:
		return http.Serve(ln, helloOrBurn(w))
	case workload.HTTPFile:
		return serveFile(cfg, ln)
	case workload.Echo, workload.Churn, workload.Idle:
		return accept(ln, echo(BufferSize(w)))
	case workload.Tail:
		return accept(ln, echoOrBurn(w))
	case workload.StreamUp:
		return accept(ln, discard)
	case workload.StreamDown:
		return accept(ln, pour(w.Size))
	case workload.Push:
		return accept(ln, push(w.Size))
	case workload.Fanout:
		return accept(ln, newRoom(w).member)
	}
	return fmt.Errorf("no such kind of work: %q", w.Kind)
}

func accept(ln net.Listener, handle func(net.Conn)) error {
	for {
		c, err := ln.Accept()
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		go func() {
			defer c.Close()
			handle(c)
		}()
	}
}

func echo(size int) func(net.Conn) {
	return func(c net.Conn) {
		buf := make([]byte, size)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
		}
	}
}

// echoOrBurn is echo with a handler that works hard when the message says so.
func echoOrBurn(w workload.Workload) func(net.Conn) {
	return func(c net.Conn) {
		buf := make([]byte, BufferSize(w))
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if buf[0] == workload.BurnByte {
				workload.Burn(w.BurnLoops)
			}
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
		}
	}
}

const streamBuffer = 64 << 10

func discard(c net.Conn) {
	buf := make([]byte, streamBuffer)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

func pour(size int) func(net.Conn) {
	return func(c net.Conn) {
		block := make([]byte, size)
		for {
			if _, err := c.Write(block); err != nil {
				return
			}
		}
	}
}

// room is a chat room: every byte that a member sends is answered by a message to all members,
// written by that member's goroutine, one after the other.
type room struct {
	message []byte
	full    chan struct{} // closed when all have come

	mu      sync.Mutex
	members []net.Conn
	want    int
}

func newRoom(w workload.Workload) *room {
	return &room{message: make([]byte, w.Size), full: make(chan struct{}), want: w.Conns}
}

func (r *room) member(c net.Conn) {
	r.mu.Lock()
	r.members = append(r.members, c)
	if len(r.members) == r.want {
		close(r.full)
	}
	r.mu.Unlock()

	buf := make([]byte, 512)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		<-r.full
		for range n {
			for _, m := range r.members {
				if _, err := m.Write(r.message); err != nil {
					return
				}
			}
		}
	}
}

const helloText = "hello, world\n"

func hello(w http.ResponseWriter, r *http.Request) {
	w.Write([]byte(helloText))
}

// helloOrBurn is hello, after hard work if the path is /burn.
func helloOrBurn(w workload.Workload) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", hello)
	mux.HandleFunc("/burn", func(rw http.ResponseWriter, r *http.Request) {
		workload.Burn(w.BurnLoops)
		hello(rw, r)
	})
	return mux
}

func serveFile(cfg Config, ln net.Listener) error {
	dir, err := os.MkdirTemp(cfg.Scratch, "files-*")
	if err != nil {
		return fmt.Errorf("a folder for the file to serve: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), make([]byte, cfg.Work.Size), 0o600); err != nil {
		return fmt.Errorf("the file to serve: %w", err)
	}
	return http.Serve(ln, http.FileServer(http.Dir(dir)))
}
