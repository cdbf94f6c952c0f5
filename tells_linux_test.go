package uringnet

import (
	"io"
	"net"
	"testing"
)

// The scheduler is told of every second Write of a connection that is alone, and of none in company.
func TestTellsWhenAlone(t *testing.T) {
	var s socket
	told := func() (n int) {
		for range 10 {
			if s.tells() {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		alone bool
		want  int
	}{{false, 0}, {true, 5}, {false, 0}} {
		s.alone.Store(step.alone)
		if got := told(); got != step.want {
			t.Errorf("alone %v: told of %d of 10 Writes, want %d", step.alone, got, step.want)
		}
	}
}

func TestReadsFindThatTheyAreAlone(t *testing.T) {
	if Backend().Name != "io_uring" {
		t.Skip("nobody tells package net: " + Backend().Reason)
	}
	ln, err := Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	served := accepted.(*TCPConn).s.(*ringTCP)
	go io.Copy(struct{ io.Writer }{served}, struct{ io.Reader }{served})
	var b [64]byte
	for range 100_000 {
		client.Write(b[:])
		if _, err := io.ReadFull(client, b[:]); err != nil {
			t.Fatal(err)
		}
		if served.alone.Load() {
			return
		}
	}
	t.Error("after 100,000 requests of one connection it does not know that it is alone")
}
