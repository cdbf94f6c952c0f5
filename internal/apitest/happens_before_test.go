package apitest

import (
	"net"
	"testing"

	"github.com/uringnet/uringnet"
)

// A Write happens before the Read that gets its bytes, for the race detector too, and also where
// only one side is a socket of this package. Under -race the detector fails this test.
func TestWriteHappensBeforeRead(t *testing.T) {
	listeners := map[string]func(network, address string) (net.Listener, error){"net": net.Listen, "uringnet": uringnet.Listen}
	dialers := map[string]func(network, address string) (net.Conn, error){"net": net.Dial, "uringnet": uringnet.Dial}
	for server, listen := range listeners {
		for client, dial := range dialers {
			t.Run(client+" writes to "+server, func(t *testing.T) {
				ln, err := listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer ln.Close()
				var shared, answer int
				go func() {
					c, err := dial("tcp", ln.Addr().String())
					if err != nil {
						t.Error(err)
						return
					}
					defer c.Close()
					shared = 1
					if _, err := c.Write(make([]byte, 100)); err != nil {
						t.Error(err)
					}
					if _, err := c.Read(make([]byte, 100)); err != nil {
						t.Error(err)
					}
					if answer != 2 {
						t.Error("the answer was not set before it was written")
					}
				}()
				c, err := ln.Accept()
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if _, err := c.Read(make([]byte, 100)); err != nil {
					t.Fatal(err)
				}
				if shared != 1 {
					t.Error("the variable was not set before the bytes were written")
				}
				answer = 2
				if _, err := c.Write(make([]byte, 100)); err != nil {
					t.Fatal(err)
				}
				c.Read(make([]byte, 1)) // the end: the other side has judged
			})
		}
	}
}
