//go:build linux

package main

import (
	"io"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/uringnet/uringnet"
)

// echo is a connection that is never idle: a message goes to a server in this process and back.
type echo struct {
	// mu guards what follows.
	mu   sync.Mutex
	hist *hdrhistogram.Histogram // since the last call of p99
	err  error
}

func startEcho() (*echo, error) {
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	client, err := uringnet.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, err
	}
	server, err := l.Accept()
	if err != nil {
		return nil, err
	}
	go func() {
		buf := make([]byte, 64)
		for {
			n, err := server.Read(buf)
			if err == nil {
				_, err = server.Write(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	e := &echo{hist: newHistogram()}
	go e.run(client)
	return e, nil
}

func newHistogram() *hdrhistogram.Histogram {
	const precision = 3 // digits
	return hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), precision)
}

// run sends a message every millisecond.
func (e *echo) run(client io.ReadWriter) {
	buf := make([]byte, 64)
	for range time.Tick(time.Millisecond) {
		since := time.Now()
		_, err := client.Write(buf)
		if err == nil {
			_, err = io.ReadFull(client, buf)
		}
		took := time.Since(since)
		e.mu.Lock()
		e.hist.RecordValue(int64(took))
		e.err = err
		e.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// p99 is that of the messages since the last call, in microseconds.
func (e *echo) p99() (float64, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	nanos := e.hist.ValueAtPercentile(99)
	e.hist.Reset()
	return float64(nanos) / 1e3, e.err
}
