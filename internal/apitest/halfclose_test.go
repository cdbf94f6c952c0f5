package apitest

import (
	"bytes"
	"io"
	"net"
	"testing"
)

// TestHalfClose: after CloseWrite the other direction goes on, for as much as there is.
func TestHalfClose(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		mustWrite(t, c, "request")
		check(t, c.CloseWrite())
		request, err := io.ReadAll(peer)
		if err != nil || string(request) != "request" {
			t.Fatalf("the peer read %q, %v", request, err)
		}
		response := make([]byte, 1<<20)
		pattern(12).Read(response)
		wrote := make(chan error, 1)
		go func() {
			_, err := peer.Write(response)
			peer.CloseWrite()
			wrote <- err
		}()
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, response) {
			t.Fatalf("read %d bytes, %v", len(got), err)
		}
		check(t, <-wrote)
		mustEOF(t, c) // and again
		if n, err := c.Write([]byte("x")); n != 0 || err == nil {
			t.Errorf("Write after CloseWrite = %d, %v", n, err)
		}
	})
}

// TestCloseReadUnblocks ends a Read that is blocked, and leaves writing alone.
func TestCloseReadUnblocks(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		blocked := parked(t, func() ioResult { return result(c.Read(make([]byte, 1))) })
		check(t, c.CloseRead())
		if r := <-blocked; r.n != 0 || r.err != io.EOF {
			t.Fatalf("Read = %d, %v", r.n, r.err)
		}
		mustEOF(t, c)
		mustWrite(t, c, "ping")
		mustRead(t, peer, "ping")
	})
}

// TestCloseReadKeepsData: what has arrived before is still to be read.
func TestCloseReadKeepsData(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		mustWrite(t, peer, "data")
		b := make([]byte, 1)
		if n, err := c.Read(b); n != 1 || err != nil || b[0] != 'd' { // it has arrived
			t.Fatalf("Read = %d, %v", n, err)
		}
		check(t, c.CloseRead())
		mustRead(t, c, "ata")
		mustEOF(t, c)
	})
}

// TestCloseWriteUnblocksNothing: a Write that is blocked when CloseWrite comes fails or was done;
// the peer gets what it counted.
func TestCloseWriteWhileWriting(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		smallBuffers(t, c, peer)
		data := make([]byte, 4<<20)
		pattern(13).Read(data)
		blocked := parked(t, func() ioResult { return result(c.Write(data)) })
		check(t, c.CloseWrite())
		got, err := io.ReadAll(peer)
		w := <-blocked
		if w.err == nil || err != nil || !bytes.Equal(got, data[:w.n]) {
			t.Fatalf("Write = %d, %v; the peer got %d bytes, %v", w.n, w.err, len(got), err)
		}
	})
}

// TestPeerDisappears: data first, then the end, by FIN and by RST.
func TestPeerDisappears(t *testing.T) {
	eachConn(t, func(t *testing.T, c, peer stream) {
		blocked := parked(t, func() ioResult {
			got, err := io.ReadAll(c)
			return ioResult{len(got), err}
		})
		mustWrite(t, peer, "the last words")
		check(t, peer.Close())
		if r := <-blocked; r.n != len("the last words") || r.err != nil {
			t.Fatalf("read %d bytes, %v", r.n, r.err)
		}
		mustEOF(t, c)
	})
	t.Run("reset", func(t *testing.T) {
		begin(t)
		c, peer := tcpPair(t)
		blocked := parked(t, func() ioResult { return result(c.Read(make([]byte, 1))) })
		check(t, peer.SetLinger(0))
		check(t, peer.Close())
		r := <-blocked
		if _, ok := r.err.(*net.OpError); r.n != 0 || !ok {
			t.Errorf("Read = %d, %v", r.n, r.err)
		}
		if n, err := c.Write([]byte("x")); n != 0 || err == nil {
			t.Errorf("Write = %d, %v", n, err)
		}
	})
}
