//go:build linux

package main

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/uringnet/uringnet"
)

// ServerConfig says what a server does beside sending back what it gets.
type ServerConfig struct {
	Address string
	Lock    bool // each handler has a thread of its own, which ends with it
	Cgo     bool // each handler calls C between a receive and a send
	Buffer  int  // of a reader

	Deadline time.Duration // of the receives of every fourth connection
}

// server sends frames back.
type server struct {
	cfg      ServerConfig
	tally    *tally
	listener net.Listener
	handlers sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newServer(cfg ServerConfig, t *tally) (*server, error) {
	l, err := uringnet.Listen("tcp", cfg.Address)
	if err != nil {
		return nil, err
	}
	s := &server{cfg: cfg, tally: t, listener: l, conns: map[net.Conn]bool{}}
	s.handlers.Go(s.accept)
	return s, nil
}

func (s *server) accept() {
	for n := 0; ; n++ {
		c, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.tally.note("accept", err)
			time.Sleep(pause) // as net/http does where descriptors are scarce
			continue
		}
		s.mu.Lock()
		s.conns[c] = true
		s.mu.Unlock()
		s.handlers.Go(func() { s.handle(c, n) })
	}
}

func (s *server) handle(c net.Conn, n int) {
	if s.cfg.Lock {
		runtime.LockOSThread()
	}
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		c.Close()
	}()
	from := io.Reader(c)
	if n%4 == 0 {
		from = &patientReader{conn: c, deadline: s.cfg.Deadline}
	}
	w := newWire(0, from, c, s.cfg.Buffer)
	for {
		_, payload, err := w.read()
		if err == io.EOF {
			break
		}
		if err != nil {
			s.tally.note("read", err)
			return
		}
		if s.cfg.Cgo {
			callC()
		}
		if err := w.write(dataFrame, payload, 0); err != nil {
			s.tally.note("write", err)
			return
		}
	}
	if w.received == 0 {
		return // closed before it was used
	}
	if err := w.write(totalFrame, total(w.received), 0); err != nil {
		s.tally.note("write", err)
	}
}

// stop ends the server when the handlers have, which the clients decide.
func (s *server) stop() {
	s.listener.Close()
	s.handlers.Wait()
}

// share returns descriptors of the listener and of up to n connections, for a child.
func (s *server) share(n int) ([]*os.File, error) {
	type filer interface{ File() (*os.File, error) }
	shared := []filer{s.listener.(filer)}
	s.mu.Lock()
	for c := range s.conns {
		if len(shared) <= n {
			shared = append(shared, c.(filer))
		}
	}
	s.mu.Unlock()
	var files []*os.File
	for _, f := range shared {
		file, err := f.File()
		if errors.Is(err, net.ErrClosed) {
			continue // its stream has ended meanwhile
		}
		if err != nil {
			return files, err
		}
		files = append(files, file)
	}
	return files, nil
}
