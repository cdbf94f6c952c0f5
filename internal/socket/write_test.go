//go:build linux

package socket

import (
	"io"
	"net"
	"testing"

	"github.com/uringnet/uringnet/internal/sched"
)

// The scheduler is told of every second Write of a connection that is alone, and of none in
// company.
func TestSendVisiblyWhenAlone(t *testing.T) {
	needScheduler(t)
	var c Conn
	visible := func() (n int) {
		for range 10 {
			if c.sendVisibly() {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		alone bool
		want  int
	}{{false, 0}, {true, 5}, {false, 0}} {
		setAlone(t, &c.receive.placement, step.alone)
		if got := visible(); got != step.want {
			t.Errorf("alone %v: the scheduler is told of %d of 10 Writes, want %d", step.alone, got, step.want)
		}
	}
}

// setAlone has receives end, of p only or of others between, until p is alone or is not.
func setAlone(t *testing.T, p *sched.Placement, alone bool) {
	t.Helper()
	var other sched.Placement
	for n := 0; p.Alone() != alone; n++ {
		if n == 10_000 {
			t.Fatalf("after %d receives alone is still %v", n, !alone)
		}
		if !alone {
			other.Note(sched.InPoller)
		}
		p.Note(sched.InPoller)
	}
}

// needScheduler skips a test of sockets where the build has none: with the tag uringnet_nolinkname,
// or a release of Go that nobody has checked.
func needScheduler(t *testing.T) {
	t.Helper()
	if !sched.Linked {
		t.Skip("built without access to the runtime: package net serves")
	}
}

func TestReadsFindThatTheyAreAlone(t *testing.T) {
	needScheduler(t)
	served, client := pair(t)
	defer client.Close()
	defer served.Close()
	go io.Copy(struct{ io.Writer }{served}, struct{ io.Reader }{served})
	var b [64]byte
	for range 100_000 {
		client.Write(b[:])
		if _, err := io.ReadFull(client, b[:]); err != nil {
			t.Fatal(err)
		}
		if served.receive.placement.Alone() {
			return
		}
	}
	t.Error("after 100,000 requests of one connection it does not know that it is alone")
}

// pair is a connection of this package and its peer, which is package net's.
func pair(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	nc, err := l.AcceptTCP()
	if err != nil {
		t.Fatal(err)
	}
	c, err := TakeOverTCP(nc, false)
	if err != nil {
		t.Fatal(err)
	}
	return c, peer
}
