package apitest

import (
	"io"
	"net"
	"testing"

	"github.com/uringnet/uringnet"
)

// TestFileDuplicates: two descriptors, one connection; neither's end is the other's.
func TestFileDuplicates(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		f, err := c.File()
		check(t, err)
		dup, err := net.FileConn(f)
		check(t, err)
		check(t, f.Close())
		mustWrite(t, c, "from the connection")
		mustWrite(t, dup, ", from the duplicate")
		mustRead(t, peer, "from the connection, from the duplicate")
		mustWrite(t, peer, "data")
		mustRead(t, c, "data")
		mustWrite(t, peer, "data")
		mustRead(t, dup, "data")
		check(t, dup.Close())
		mustWrite(t, peer, "data")
		mustRead(t, c, "data")
		// The connection is as able to time out as before: the duplicate has not made it blocking.
		check(t, c.SetReadDeadline(soon()))
		mustTimeOut(t, result(c.Read(make([]byte, 1))))
	})
}

// TestFileOutlivesConn: the peer sees the end only when the last descriptor is closed.
func TestFileOutlivesConn(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		f, err := c.File()
		check(t, err)
		check(t, c.Close())
		again, err := uringnet.FileConn(f)
		check(t, err)
		check(t, f.Close())
		mustWrite(t, again, "ping")
		mustRead(t, peer, "ping")
		mustWrite(t, peer, "pong")
		mustRead(t, again, "pong")
		check(t, again.Close())
		mustEOF(t, peer)
	})
}

// TestFileAfterTimeout: a receive that a Read has left behind does not take what the duplicate is
// to read.
func TestFileAfterTimeout(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		check(t, c.SetReadDeadline(soon()))
		mustTimeOut(t, result(c.Read(make([]byte, 64))))
		f, err := c.File()
		check(t, err)
		dup, err := net.FileConn(f)
		check(t, err)
		defer dup.Close()
		check(t, f.Close())
		mustWrite(t, peer, "for the duplicate")
		mustRead(t, dup, "for the duplicate")
		check(t, c.SetReadDeadline(never))
		mustWrite(t, peer, "for the connection")
		mustRead(t, c, "for the connection")
	})
}

// TestFileIsPlain: the file itself reads and writes.
func TestFileIsPlain(t *testing.T) {
	begin(t)
	a, d := tcpPair(t)
	f, err := a.File()
	check(t, err)
	defer f.Close()
	_, err = io.WriteString(f, "ping")
	check(t, err)
	mustRead(t, d, "ping")
	mustWrite(t, d, "pong")
	mustRead(t, f, "pong")
}

// TestNewConn takes over connections in any state.
func TestNewConn(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		t.Run(network, func(t *testing.T) {
			begin(t)
			plain, peer := connect(t, listen(t, onNet, network), onNet)
			mustWrite(t, peer, "before")
			c, err := uringnet.NewConn(plain)
			check(t, err)
			defer c.Close()
			mustRead(t, c, "before")
			mustWrite(t, peer, "after")
			mustRead(t, c, "after")
			same, err := uringnet.NewConn(c)
			if err != nil || same != c {
				t.Errorf("NewConn of its own connection = %v, %v", same, err)
			}
			check(t, c.Close())
			mustEOF(t, peer) // nothing of package net's holds the connection open
		})
	}
}
