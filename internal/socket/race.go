//go:build race

package socket

import "syscall"

// The race detector does not see that data goes through the kernel. Package syscall tells it that
// every Write happens before every later Read, by a variable of its own. The same variable serves
// here, so that the order holds between a socket of this package and one of package net too: empty
// calls touch it and nothing else.

func raceWrite() { syscall.Write(-1, nil) }

// raceRead needs a valid file descriptor of a socket: an empty read succeeds on it, whatever its
// state (read(2), sock_read_iter).
func raceRead(fd int) { syscall.Read(fd, nil) }
