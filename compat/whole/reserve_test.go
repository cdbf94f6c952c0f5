//go:build linux

package main

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReservation asks for any port, of which the kernel may give one only: the reserved one.
func TestReservation(t *testing.T) {
	p, free, err := reservePlace(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{p.addr, p.peer} {
		if err := listenOnAny(t, addr); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("the kernel gives the port of %s to another: %v", addr, err)
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Errorf("the program itself cannot listen: %v", err)
			continue
		}
		l.Close()
	}
	free()
	if err := listenOnAny(t, p.addr); err != nil {
		t.Errorf("after it was freed: %v", err)
	}
}

// listenOnAny listens on any port of those that the kernel may choose, which is that of addr.
func listenOnAny(t *testing.T, addr string) error {
	_, port := split(addr)
	only, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_LOCAL_PORT_RANGE, only|only<<16); err != nil {
		t.Skip("this kernel cannot be told which ports it may choose: ", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	return unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
}
