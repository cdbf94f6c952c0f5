//go:build linux

package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

// protocol is what a request looks like, and its answer.
type protocol struct {
	plain  []byte // a request
	burn   []byte // a request that makes the handler burn CPU; nil if there is none
	answer int    // length of an answer; HTTP's is learnt from the first one
	prefix []byte // how every answer begins; echoes begin like their request instead
}

func requestProtocol(w workload.Workload) (*protocol, error) {
	switch w.Kind {
	case workload.Echo, workload.Idle, workload.Tail:
		return echoProtocol(w), nil
	case workload.HTTP, workload.HTTPS, workload.HTTPUnix, workload.Proxy:
		return httpProtocol("/"), nil
	case workload.HTTPFile:
		return httpProtocol("/file"), nil
	case workload.HTTPBurn:
		p := httpProtocol("/calm") // as long as the other
		p.burn = httpProtocol("/burn").plain
		return p, nil
	}
	return nil, fmt.Errorf("no such kind of work: %q", w.Kind)
}

// echoProtocol sends Size bytes: the first tells the server what to do, the others follow a
// pattern, so that bytes that arrive in the wrong place are noticed.
func echoProtocol(w workload.Workload) *protocol {
	message := func(first byte) []byte {
		m := make([]byte, w.Size)
		for i := range m {
			m[i] = byte(i)
		}
		m[0] = first
		return m
	}
	p := &protocol{plain: message(workload.PlainByte), answer: w.Size}
	if w.Kind == workload.Tail {
		p.burn = message(workload.BurnByte)
	}
	return p
}

func httpProtocol(path string) *protocol {
	return &protocol{
		plain:  []byte("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: uringnet-bench\r\nAccept: */*\r\n\r\n"),
		prefix: []byte("HTTP/1.1 200 OK\r\n"),
	}
}

func (p *protocol) request(burns bool) []byte {
	if burns && p.burn != nil {
		return p.burn
	}
	return p.plain
}

// prime reads the answer to the first request of a connection and verifies all of it.
func (p *protocol) prime(r io.Reader) error {
	if p.prefix != nil {
		return p.primeHTTP(r)
	}
	b := make([]byte, p.answer)
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	if !bytes.Equal(b, p.plain) {
		return errors.New("the echo differs from the message")
	}
	return nil
}

func (p *protocol) primeHTTP(r io.Reader) error {
	counted := &counter{r: r}
	resp, err := http.ReadResponse(bufio.NewReader(counted), nil)
	if err != nil {
		return fmt.Errorf("reading an HTTP response: %w", err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return fmt.Errorf("reading an HTTP body: %w", err)
	}
	if resp.StatusCode != http.StatusOK || resp.ContentLength < 0 {
		return fmt.Errorf("HTTP response has status %q and content length %d; want 200 OK and a known length", resp.Status, resp.ContentLength)
	}
	if p.answer != 0 && p.answer != counted.n {
		return fmt.Errorf("HTTP responses differ in length: %d and %d bytes", p.answer, counted.n)
	}
	p.answer = counted.n
	return nil
}

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	return n, err
}

var errWrongBytes = errors.New("the server's answer has wrong bytes in it")

// check looks at bytes that arrived after `got` bytes of an answer: at their first byte, and
// at the beginning of every answer among them. All bytes are checked once, by prime.
func (p *protocol) check(b []byte, got int, burns bool) error {
	start := p.prefix
	if start == nil {
		start = p.request(burns)[:1]
		if b[0] != p.request(burns)[got] {
			return errWrongBytes
		}
	}
	for at := (p.answer - got) % p.answer; at+len(start) <= len(b); at += p.answer {
		if !bytes.Equal(b[at:at+len(start)], start) {
			return errWrongBytes
		}
	}
	return nil
}
