//go:build linux

package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// reservation is a TCP address that is kept for a program that is about to listen there. Its socket
// is bound and does not listen, and allows others its address (SO_REUSEADDR), as each listener of
// package net does: so a listener for this very address comes beside it. The kernel gives the port
// to nobody who asks for any.
type reservation struct {
	fd   int
	addr string
}

func reserve() (r reservation, err error) {
	r.fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return r, fmt.Errorf("socket: %w", err)
	}
	if r.addr, err = bindForReuse(r.fd); err != nil {
		unix.Close(r.fd)
	}
	return r, err
}

func bindForReuse(fd int) (addr string, err error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return "", fmt.Errorf("setsockopt: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return "", fmt.Errorf("bind: %w", err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return "", fmt.Errorf("getsockname: %w", err)
	}
	return fmt.Sprintf("127.0.0.1:%d", bound.(*unix.SockaddrInet4).Port), nil
}

// free gives the address up.
func (r reservation) free() { unix.Close(r.fd) }

// place is what a program is given for itself.
type place struct {
	addr, peer string // TCP addresses to listen on
	dir        string // a folder
}

// reservePlace reserves a place until free is called.
func reservePlace(dir string) (p place, free func(), err error) {
	addr, err := reserve()
	if err != nil {
		return p, nil, err
	}
	peer, err := reserve()
	if err != nil {
		addr.free()
		return p, nil, err
	}
	return place{addr.addr, peer.addr, dir}, func() { addr.free(); peer.free() }, nil
}
