package uringnet_test

import (
	"io"
	"testing"

	"github.com/uringnet/uringnet"
)

func TestReadsFindThatTheyAreAlone(t *testing.T) {
	begin(t)
	needSockets(t)
	served, client := connect(t, listen(t, onRing, "tcp"), onNet)
	go io.Copy(struct{ io.Writer }{served}, struct{ io.Reader }{served})
	var b [64]byte
	for range 100_000 {
		client.Write(b[:])
		if _, err := io.ReadFull(client, b[:]); err != nil {
			t.Fatal(err)
		}
		if uringnet.Alone(served.(*uringnet.TCPConn)) {
			return
		}
	}
	t.Error("after 100,000 requests of one connection it does not know that it is alone")
}
