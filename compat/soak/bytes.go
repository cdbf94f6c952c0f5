//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"

	"github.com/uringnet/uringnet"
)

var lastSeed atomic.Uint64

// fresh returns n bytes that no other call returns.
func fresh(n int) []byte {
	b := make([]byte, n)
	var seed [32]byte
	for i, x := 0, lastSeed.Add(1); x > 0; i, x = i+1, x>>8 {
		seed[i] = byte(x)
	}
	rand.NewChaCha8(seed).Read(b)
	return b
}

// expect reads as many bytes as want has, and compares.
func (s *soak) expect(r io.Reader, want []byte) error {
	got := make([]byte, len(want))
	n, err := io.ReadFull(r, got)
	if err != nil {
		return fmt.Errorf("%d of %d bytes came: %w", n, len(want), err)
	}
	return s.compare(got, want)
}

func (s *soak) compare(got, want []byte) error {
	if !bytes.Equal(got, want) {
		return fmt.Errorf("of %d bytes some are wrong, %d came", len(want), len(got))
	}
	s.bytes.Add(uint64(len(want)))
	return nil
}

// expectEnd wants the stream to end.
func expectEnd(r io.Reader) error {
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return fmt.Errorf("%d bytes and %v, where the end was due", n, err)
	}
	return nil
}

// exchange sends n bytes while it wants them back.
func (s *soak) exchange(c net.Conn, n int) error {
	want := fresh(n)
	if n <= 16<<10 { // it fits into the buffers
		if _, err := c.Write(want); err != nil {
			return err
		}
		return s.expect(c, want)
	}
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(want)
		sent <- err
	}()
	if err := s.expect(c, want); err != nil {
		c.Close() // ends the Write
		<-sent
		return err
	}
	return <-sent
}

// serve handles the connections of a new listener, each in a goroutine. What handle returns is a
// problem.
func (s *soak) serve(name string, handle func(net.Conn) error) (address string, err error) {
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s.serveOn(l, name, handle)
	return l.Addr().String(), nil
}

func (s *soak) serveOn(l net.Listener, name string, handle func(net.Conn) error) {
	s.atEnd(l)
	s.servers.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				if !s.stopped.Load() {
					s.problem("%s: %v", name, err)
				}
				return
			}
			s.servers.Go(func() {
				defer c.Close()
				if err := handle(c); err != nil {
					s.problem("%s, server: %v", name, err)
				}
			})
		}
	})
}

// echo sends back what comes until the stream ends. It does not use splice.
func echo(c net.Conn) error {
	buf := make([]byte, 16<<10)
	for {
		n, err := c.Read(buf)
		if n > 0 {
			if _, err := c.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// dial connects with TCP.
func dial(address string) (*uringnet.TCPConn, error) {
	c, err := uringnet.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return c.(*uringnet.TCPConn), nil
}
