package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// echoServer sends back what it receives.
type echoServer struct {
	handlers sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	stopping bool
}

// Serve accepts connections until Shutdown or Close.
func (s *echoServer) Serve(ln net.Listener) error {
	if !s.begin(ln) {
		return ln.Close()
	}
	for {
		c, err := ln.Accept()
		if err != nil {
			if s.isStopping() {
				return nil
			}
			if isTemporary(err) {
				time.Sleep(exhausted)
				continue
			}
			return err
		}
		if !s.add(c) {
			c.Close()
			continue
		}
		go s.echo(c)
	}
}

// exhausted is the pause after an accept that failed for want of descriptors or memory, as in
// net/http.
const exhausted = 5 * time.Millisecond

func isTemporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func (s *echoServer) begin(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener = ln
	s.conns = map[net.Conn]bool{}
	return !s.stopping
}

func (s *echoServer) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

func (s *echoServer) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	s.conns[c] = true
	s.handlers.Add(1)
	return true
}

func (s *echoServer) echo(c net.Conn) {
	defer s.handlers.Done()
	defer func() {
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	buf := make([]byte, 16<<10)
	for {
		n, err := c.Read(buf)
		if n > 0 {
			if _, err := c.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// Shutdown closes the listener; a connection ends when what it has read is sent back.
func (s *echoServer) Shutdown(ctx context.Context) error {
	err := s.stop(func(c net.Conn) error { return c.SetReadDeadline(time.Unix(1, 0)) })
	done := make(chan struct{})
	go func() {
		s.handlers.Wait()
		close(done)
	}()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes the listener and all connections.
func (s *echoServer) Close() error { return s.stop(net.Conn.Close) }

func (s *echoServer) stop(each func(net.Conn) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	for c := range s.conns {
		each(c) // a connection that is gone already needs nothing
	}
	if s.listener == nil {
		return nil
	}
	return s.listener.Close()
}
