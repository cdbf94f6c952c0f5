//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// deadlines pass in the middle of receives and sends, which then go on where they were. The server
// reads slowly, so that sends wait too.
func deadlines(s *soak) error {
	const size = 300_000 // more than the buffers below hold
	address, err := s.serve("deadlines", func(c net.Conn) error {
		buf := make([]byte, 64<<10)
		for {
			n, err := c.Read(buf)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			time.Sleep(2 * time.Millisecond)
			if _, err := c.Write(buf[:n]); err != nil {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	s.repeat("deadlines", 6, func() (func() error, func(), error) {
		c, err := dial(address)
		if err != nil {
			return nil, nil, err
		}
		err = errors.Join(c.SetReadBuffer(32<<10), c.SetWriteBuffer(32<<10))
		return func() error {
			want := fresh(size)
			sent := make(chan error, 1)
			go func() { sent <- untilDone(want, c.Write, c.SetWriteDeadline) }()
			got := make([]byte, size)
			if err := untilDone(got, c.Read, c.SetReadDeadline); err != nil {
				c.Close()
				return errors.Join(err, <-sent)
			}
			if err := <-sent; err != nil {
				return err
			}
			return s.compare(got, want)
		}, func() { c.Close() }, err
	})
	return nil
}

// untilDone reads or writes all of b. Deadlines that pass do not matter.
func untilDone(b []byte, call func([]byte) (int, error), setDeadline func(time.Time) error) error {
	for len(b) > 0 {
		if err := setDeadline(time.Now().Add(time.Millisecond)); err != nil {
			return err
		}
		n, err := call(b)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("%d bytes before the end: %w", len(b)-n, err)
		}
		b = b[n:]
	}
	return nil
}
