//go:build linux

package main

import (
	"io"
	"net"

	"github.com/uringnet/uringnet"
)

// splice goes through a proxy that copies between two connections, in both directions, which Linux
// does by splice where much comes at once.
func splice(s *soak) error {
	behind, err := s.serve("splice", echo)
	if err != nil {
		return err
	}
	address, err := s.serve("splice", func(c net.Conn) error {
		b, err := dial(behind)
		if err != nil {
			return err
		}
		defer b.Close()
		answered := make(chan error, 1)
		go func() { answered <- pipe(c, b) }()
		if err := pipe(b, c); err != nil {
			return err
		}
		return <-answered
	})
	if err != nil {
		return err
	}
	once := func() error {
		c, err := dial(address)
		if err != nil {
			return err
		}
		defer c.Close()
		for range 2 {
			if err := s.exchange(c, 1<<20); err != nil {
				return err
			}
		}
		if err := c.CloseWrite(); err != nil {
			return err
		}
		return expectEnd(c)
	}
	s.repeat("splice", 2, func() (func() error, func(), error) { return once, nil, nil })
	return nil
}

// pipe copies a stream and its end.
func pipe(to, from net.Conn) error {
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	return to.(*uringnet.TCPConn).CloseWrite()
}
