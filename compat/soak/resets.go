//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// resets end connections by RST. The server, which waits in a receive, sees that and nothing else.
func resets(s *soak) error {
	address, err := s.serve("resets", func(c net.Conn) error {
		if err := echo(c); !errors.Is(err, syscall.ECONNRESET) {
			return fmt.Errorf("a connection that was reset ends with %v", err)
		}
		return nil
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
		if err := s.exchange(c, 2000); err != nil {
			return err
		}
		return c.SetLinger(0) // Close resets then
	}
	s.repeat("resets", 4, func() (func() error, func(), error) { return once, nil, nil })
	return nil
}
