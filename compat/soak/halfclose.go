//go:build linux

package main

import (
	"io"
	"math/rand/v2"
	"net"
)

// halfClose sends all, says so by closing its direction, and only then gets an answer.
func halfClose(s *soak) error {
	address, err := s.serve("halfclose", func(c net.Conn) error {
		all, err := io.ReadAll(c)
		if err != nil {
			return err
		}
		_, err = c.Write(all)
		return err
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
		want := fresh(rand.IntN(200_000))
		if _, err := c.Write(want); err != nil {
			return err
		}
		if err := c.CloseWrite(); err != nil {
			return err
		}
		got, err := io.ReadAll(c)
		if err != nil {
			return err
		}
		return s.compare(got, want)
	}
	s.repeat("halfclose", 4, func() (func() error, func(), error) { return once, nil, nil })
	return nil
}
