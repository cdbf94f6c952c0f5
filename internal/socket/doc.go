// Package socket is the sockets of this module on Linux: connections ([Conn]) and listeners
// ([TCPListener], [UnixListener]) made of file descriptors. A call is tried at once; what would
// block chooses a place to wait, waits there, and is tried again. The package knows package net's
// addresses and errors, but not its types of connections, save to take them over.
//
// # The life of a socket
//
//	open     Package net has made the descriptor, or accept4(2). Calls come and go.
//	         Close -> closing.
//	closing  Nobody new gets in: the guard refuses, both directions are closed. Close wakes the
//	         goroutines that wait, and returns when they have left and the kernel has let go of a
//	         receive that a ring carried for them -> closed.
//	closed   The descriptor is closed. Its number may name another socket already, so nobody may
//	         use it.
//
// A connection that the program has lost is closed by the garbage collector: the root's handle
// points to the socket, and nothing in here points back to the handle.
//
// # Who owns what
//
// Reads exclude each other, and so do writes: a call locks its direction. The goroutine that
// holds rd.mu owns the state of reading (receive), the request on a ring among it, and the buffer
// of its caller. While the kernel has a receive (see package sched), the goroutine does not leave
// the call, and so keeps the lock and the buffer reachable.
//
// Calls that are neither reads nor writes, such as options or a callback that gets the descriptor,
// hold it open by the fdGuard. Deadlines take neither: their setters interrupt the owner of a
// direction, and wait for nobody.
//
// # Locks
//
// In this order: rd.mu, wr.mu, the lock of an addrPair, the lock of a guard. rd.mu and wr.mu are
// held while their goroutine waits, the others for one system call that does not wait at most.
// Close asks for rd.mu and wr.mu only after it has woken the goroutines that hold them. A copy
// between two connections holds one lock of one of them at a time.
//
// # Where to find what
//
//	endpoint.go   what a connection's reads and writes need
//	conn.go       what else a connection is made of, and its end
//	read.go       a Read, from top to bottom; wait.go says where it waits
//	write.go      a Write; writev.go of several buffers, sendfile.go of a file, splice.go of what
//	              another connection receives, unix.go of a message
//	listener.go   accepting
//	direction.go  one half of a connection, and its wait in the runtime's poller
//	fdguard.go    what keeps the descriptor open, and who else may have it
//	rawconn.go, file.go  those who get it
//	takeover.go   how package net's socket becomes one of these
//	borrowed.go   a socket below package net's own, in a program that `uringnet go` has built;
//	              borrowed_unsafe.go calls for package net what cannot block
//	tcp.go, sockopt.go, addr.go, errors.go, closed.go, syscall_unsafe.go, race.go
package socket
