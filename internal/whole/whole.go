//go:build linux

// Package whole is what package net asks for each of its sockets, in a program that `uringnet go`
// has built. There it is a package of the standard library, and so are those that it imports.
package whole

import (
	"github.com/uringnet/uringnet/internal/choice"
	"github.com/uringnet/uringnet/internal/socket"
)

// Borrow returns the socket that is to wait, read and write for a descriptor of package net, or nil
// if package net does that itself. The first socket chooses the backend.
func Borrow(fd int, network string) (*socket.Borrowed, error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "unix", "unixpacket":
	default:
		return nil, nil
	}
	switch b := choice.Chosen(); {
	case b.Err != nil:
		return nil, b.Err
	case b.Name == choice.Net:
		return nil, nil
	}
	return socket.Borrow(fd, network)
}
