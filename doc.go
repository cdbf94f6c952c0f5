// Package uringnet puts io_uring under the interfaces that Go programs already use. Replace [net.Listen]
// by [Listen] and [net.Dial] by [Dial], and a socket call that would block becomes an asynchronous request on
// a ring that a few Ps share, while the calling goroutine parks, as it does in package net. Where a ring would carry too little at once to
// pay, as for a connection that is nearly alone, a receive waits in the runtime's poller instead (URINGNET_WAIT sets one of the two):
//
//	ln, err := uringnet.Listen("tcp", ":8080")
//	...
//	err = http.Serve(ln, handler)
//
// Connections, listeners, errors and deadlines behave as package net documents them; [TCPConn], [UnixConn],
// [TCPListener] and [UnixListener] have the method sets of the types they replace. What cannot be had from outside
// package net is type identity: an assertion to *net.TCPConn fails.
//
// Where io_uring is not available, and on systems other than Linux, the same API runs on package net;
// [Backend] says which one runs and why, and the environment variable URINGNET (off, require, auto) decides it.
package uringnet
