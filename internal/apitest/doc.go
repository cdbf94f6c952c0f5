// Package apitest tests the exported API of uringnet from outside, as a program uses it.
//
// It has tests only. They are not in the root, so that the root shows what a user of the package
// needs, and nothing in them can reach what is unexported.
//
// # Worlds
//
// What package net does is what is right. A test of something that net has too makes the same
// experiment on both packages, which are its worlds (worlds_linux_test.go), or has net as the peer
// of the socket that is tested (eachConn in helpers_test.go).
//
// On Linux a receive waits in one of two places, on a ring or in the runtime's poller. A run of the
// tests lets the sockets choose. Then it starts all tests twice more, each time in a process of its
// own: TestAllOnRings has every receive wait on the rings, and TestAllInPoller has no rings. A run
// with -short leaves that out. To run the tests in one place, or where package net serves:
//
//	URINGNET_WAIT=ring go test ./internal/apitest
//	URINGNET=poller go test ./internal/apitest
//	URINGNET=off go test ./internal/apitest
//
// On other systems package net always serves. Files whose names end in _linux_test.go test what
// only Linux has. All other tests must pass on every system.
//
// # Rules
//
// A test calls begin first, which fails it if it hangs or leaves a goroutine, a file descriptor or
// an operation behind. TestMain looks once more after all tests. Whatever decides something for the
// whole life of a process is tested in a child: the same binary, started again (child_test.go).
//
// The code that the tests run is in other packages, so the coverage of it has to be asked for:
//
//	go test -coverpkg=github.com/uringnet/uringnet,github.com/uringnet/uringnet/internal/... \
//		./internal/apitest
package apitest
