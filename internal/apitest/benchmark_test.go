package apitest

import (
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"
)

// The benchmarks compare the two packages in one process:
//
//	go test -run '^$' -bench . ./internal/apitest
//
// Where one end does the work that is measured, the other end is package net's, so that both
// packages have the same peer.

const message = 64 // bytes

// onEach runs f on package net and on this package.
func onEach(b *testing.B, f func(b *testing.B, m maker)) {
	for _, m := range []maker{onNet, onRing} {
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			f(b, m)
		})
	}
}

// lingers is a connection that can be closed without TIME_WAIT, which would use up the ports of
// this machine.
type lingers interface{ SetLinger(sec int) error }

// reset closes c at once, for both ends.
func reset(c net.Conn) error {
	if err := c.(lingers).SetLinger(0); err != nil {
		return err
	}
	return c.Close()
}

// BenchmarkReadReady has the data there before the Read.
func BenchmarkReadReady(b *testing.B) {
	onEach(b, func(b *testing.B, m maker) {
		subject, peer := connect(b, listen(b, m, "tcp"), onNet)
		refill := make([]byte, 512*message) // less than a socket takes
		buf := make([]byte, message)
		ready := 0
		for b.Loop() {
			if ready == 0 {
				b.StopTimer()
				if _, err := peer.Write(refill); err != nil {
					b.Fatal(err)
				}
				ready = len(refill)
				b.StartTimer()
			}
			n, err := subject.Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			ready -= n
		}
	})
}

// BenchmarkReadParked sends one message to and fro: each Read begins before its data is sent.
func BenchmarkReadParked(b *testing.B) {
	onEach(b, func(b *testing.B, m maker) {
		server, client := connect(b, listen(b, m, "tcp"), m)
		go echo(server)
		buf := make([]byte, message)
		for b.Loop() {
			if err := exchange(client, buf); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// echo sends back what it reads, until the connection is closed.
func echo(c net.Conn) {
	buf := make([]byte, message)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func exchange(c net.Conn, buf []byte) error {
	if _, err := c.Write(buf); err != nil {
		return err
	}
	_, err := io.ReadFull(c, buf)
	return err
}

// BenchmarkWrite writes to a peer that reads all the time.
func BenchmarkWrite(b *testing.B) {
	onEach(b, func(b *testing.B, m maker) {
		b.Run("64B", func(b *testing.B) { benchmarkWrite(b, m, 64) })
		b.Run("16KiB", func(b *testing.B) { benchmarkWrite(b, m, 16<<10) })
	})
}

func benchmarkWrite(b *testing.B, m maker, size int) {
	subject, peer := connect(b, listen(b, m, "tcp"), onNet)
	go discard(peer)
	b.ReportAllocs()
	b.SetBytes(int64(size))
	data := make([]byte, size)
	for b.Loop() {
		if _, err := subject.Write(data); err != nil {
			b.Fatal(err)
		}
	}
}

// discard reads until the connection is closed.
func discard(c net.Conn) {
	buf := make([]byte, 256<<10)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
	}
}

// BenchmarkAccept accepts and closes what several goroutines dial.
func BenchmarkAccept(b *testing.B) {
	onEach(b, func(b *testing.B, m maker) {
		l := listen(b, m, "tcp")
		address := l.Addr().String()
		over := make(chan struct{})
		var dialers sync.WaitGroup
		for range 8 {
			dialers.Go(func() { dialUntil(b, over, l, address) })
		}
		for b.Loop() {
			c, err := l.Accept()
			if err != nil {
				b.Fatal(err)
			}
			c.Close()
		}
		close(over)
		l.Close()
		dialers.Wait()
	})
}

// dialUntil dials l, one connection after the other, until over is closed. If a Dial fails it
// closes l, so that no Accept waits for it.
func dialUntil(b *testing.B, over <-chan struct{}, l net.Listener, address string) {
	defer l.Close()
	for {
		c, err := net.Dial("tcp", address)
		select {
		case <-over:
			if err == nil {
				c.Close()
			}
			return
		default:
		}
		if err != nil {
			b.Error(err)
			return
		}
		c.Read(make([]byte, 1)) // until the other end is closed
		if err := reset(c); err != nil {
			b.Error(err)
			return
		}
	}
}

// BenchmarkDial dials a listener that accepts and closes.
func BenchmarkDial(b *testing.B) {
	onEach(b, func(b *testing.B, m maker) {
		l := listen(b, onNet, "tcp")
		address := l.Addr().String()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
		for b.Loop() {
			c, err := m.dial("tcp", address)
			if err != nil {
				b.Fatal(err)
			}
			if err := reset(c); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSetDeadline sets a deadline that does not pass, and clears it.
func BenchmarkSetDeadline(b *testing.B) {
	onEach(b, func(b *testing.B, m maker) {
		subject, _ := connect(b, listen(b, m, "tcp"), onNet)
		future := time.Now().Add(time.Hour)
		for b.Loop() {
			if err := subject.SetReadDeadline(future); err != nil {
				b.Fatal(err)
			}
			if err := subject.SetReadDeadline(time.Time{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEchoParallel has 64 connections send messages to and fro at the same time.
func BenchmarkEchoParallel(b *testing.B) {
	onEach(b, func(b *testing.B, m maker) {
		procs := runtime.GOMAXPROCS(0)
		perProc := (64 + procs - 1) / procs
		clients := make(chan net.Conn, perProc*procs)
		l := listen(b, m, "tcp")
		for range cap(clients) {
			server, client := connect(b, l, m)
			go echo(server)
			clients <- client
		}
		b.SetParallelism(perProc)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			c := <-clients
			buf := make([]byte, message)
			for pb.Next() {
				if err := exchange(c, buf); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
