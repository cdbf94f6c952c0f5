// Package uringnet puts io_uring, and everything else that makes socket calls cheap, under the
// interfaces that Go programs already use. Replace [net.Listen] by [Listen] and [net.Dial] by
// [Dial]:
//
//	ln, err := uringnet.Listen("tcp", ":8080")
//	...
//	err = http.Serve(ln, handler)
//
// A call that would block parks its goroutine, as in package net. Receives of connections that are
// at work together share system calls on a ring, one io_uring for a few Ps; all else waits in the
// runtime's poller. Connections at work together let each other go first, so that most of their
// receives find data and wait for nothing.
//
// Connections, listeners, errors and deadlines behave as package net documents them; [TCPConn],
// [UnixConn], [TCPListener] and [UnixListener] have the method sets of the types they replace. What
// cannot be had from outside package net is type identity: an assertion to *net.TCPConn fails.
//
// Where io_uring is not available the same sockets run without a ring. On systems other than Linux,
// and with a release of Go that is newer than this package knows, the same API runs on package net.
// [Backend] says which one runs and why, and the environment variable URINGNET (off, poller,
// require, auto) decides it.
package uringnet
