// Package thirdparty runs the own test suites of servers and clients that nobody here wrote on
// uringnet sockets.
//
// A module is taken from the module proxy, copied, and joined with uringnet by a generated go.work.
// Its tests run once as they are and once under the overlay of compat/stdsuite/overlay, through
// which the net.Listen, net.Dial and net.FileListener of everything in the test process return
// uringnet's sockets. Whatever passes on net must pass on uringnet, except what expected.txt names
// with a reason.
package thirdparty
