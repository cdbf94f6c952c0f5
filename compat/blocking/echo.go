//go:build linux

package main

import (
	"io"
	"net"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// serveEcho sends back what comes.
func serveEcho(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{c})
	}
}

// every is how often a message is sent: the process that answers is never idle for long.
const every = time.Millisecond

// echo is the client of an echo server in another process.
type echo struct {
	conn net.Conn
	hist *hdrhistogram.Histogram // since the last call of p99
}

func newHistogram() *hdrhistogram.Histogram {
	const precision = 3 // digits
	return hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), precision)
}

// until sends messages until done is closed. One that could not be sent in time, since the answer
// to the last one came late, took so much longer.
func (e *echo) until(done <-chan struct{}) error {
	buf := make([]byte, 64)
	for next := time.Now(); ; next = next.Add(every) {
		select {
		case <-done:
			return nil
		default:
		}
		since := next
		if wait := time.Until(next); wait > 0 {
			time.Sleep(wait)
			since = time.Now() // how late it is now is our own fault
		}
		if _, err := e.conn.Write(buf); err != nil {
			return err
		}
		if _, err := io.ReadFull(e.conn, buf); err != nil {
			return err
		}
		if err := e.hist.RecordValue(int64(time.Since(since))); err != nil {
			return err
		}
	}
}

// p99 is that of the messages since the last call, in microseconds.
func (e *echo) p99() float64 {
	nanos := e.hist.ValueAtPercentile(99)
	e.hist.Reset()
	return float64(nanos) / 1e3
}
