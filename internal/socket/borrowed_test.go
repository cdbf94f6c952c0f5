//go:build linux

package socket

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// borrowedPair returns both ends of a connection whose descriptors the test owns, as package net
// would.
func borrowedPair(t *testing.T) (a, b *Borrowed) {
	t.Helper()
	needScheduler(t)
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := Borrow(fds[0], "unix")
	b, errB := Borrow(fds[1], "unix")
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for i, s := range []*Borrowed{a, b} {
			if !s.rd.side.Closed() {
				s.Evict()
			}
			s.Release()
			unix.Close(fds[i])
		}
	})
	return a, b
}

func TestBorrowedReadsAndWrites(t *testing.T) {
	a, b := borrowedPair(t)
	read := make(chan error, 1)
	buf := make([]byte, 8)
	go func() {
		n, err := b.Read(buf)
		if err == nil && string(buf[:n]) != "hello" {
			err = errors.New("got " + string(buf[:n]))
		}
		read <- err
	}()
	if n, err := a.Write([]byte("hello")); n != 5 || err != nil {
		t.Fatalf("Write = %d, %v", n, err)
	}
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	if n, err := b.Read(nil); n != 0 || err != nil {
		t.Errorf("an empty Read = %d, %v", n, err)
	}
	if err := unix.Shutdown(a.fd, unix.SHUT_WR); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Read(buf); n != 0 || err != io.EOF {
		t.Errorf("at the end Read = %d, %v", n, err)
	}
}

// What package net does by itself is interrupted by the same deadlines, and waits at the same
// place.
func TestBorrowedDeadlines(t *testing.T) {
	a, b := borrowedPair(t)
	for _, mode := range []int{'r', 'r' + 'w'} {
		if err := b.SetDeadline(time.Unix(1, 0), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("mode %d: Read after the deadline: %v", mode, err)
		}
		if err := b.Prepare('r'); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("mode %d: Prepare after the deadline: %v", mode, err)
		}
		if err := b.SetDeadline(time.Time{}, mode); err != nil {
			t.Fatal(err)
		}
		if err := b.Prepare('r'); err != nil {
			t.Errorf("mode %d: Prepare without a deadline: %v", mode, err)
		}
	}
	ready := make(chan error, 1)
	go func() { ready <- b.Wait('r') }()
	if _, err := a.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if err := <-ready; err != nil {
		t.Errorf("Wait: %v", err)
	}
}

func TestBorrowedEvict(t *testing.T) {
	a, b := borrowedPair(t)
	ended := make(chan error, 2)
	go func() {
		_, err := b.Read(make([]byte, 1))
		ended <- err
	}()
	go func() { ended <- a.Wait('r') }()
	b.Evict()
	a.Evict()
	for range 2 {
		if err := <-ended; err != net.ErrClosed {
			t.Errorf("what was interrupted says %v", err)
		}
	}
	if err := a.SetDeadline(time.Now(), 'w'); err != net.ErrClosed {
		t.Errorf("SetDeadline: %v", err)
	}
	if _, err := a.Write([]byte{1}); err != net.ErrClosed {
		t.Errorf("Write: %v", err)
	}
}
