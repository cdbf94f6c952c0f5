//go:build linux

package main

import "math/rand/v2"

// churn dials for every few exchanges.
func churn(s *soak) error {
	address, err := s.serve("churn", echo)
	if err != nil {
		return err
	}
	once := func() error {
		c, err := dial(address)
		if err != nil {
			return err
		}
		defer c.Close()
		for range 1 + rand.IntN(3) {
			if err := s.exchange(c, 1+rand.IntN(10_000)); err != nil {
				return err
			}
		}
		if err := c.CloseWrite(); err != nil {
			return err
		}
		return expectEnd(c)
	}
	s.repeat("churn", 8, func() (func() error, func(), error) { return once, nil, nil })
	return nil
}
