//go:build linux

package main

// crowd are connections that live long, with small requests. They bring rings about.
func crowd(s *soak) error {
	address, err := s.serve("crowd", echo)
	if err != nil {
		return err
	}
	s.repeat("crowd", 40, func() (func() error, func(), error) {
		c, err := dial(address)
		if err != nil {
			return nil, nil, err
		}
		return func() error { return s.exchange(c, 100) }, func() { c.Close() }, nil
	})
	return nil
}
