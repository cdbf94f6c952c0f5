// Package popular tests the advice of docs/compatibility.md: what well-known packages do to a
// connection, done by the same calls on uringnet's, and what to do where a package looks for the
// type *net.TCPConn.
package popular
