//go:build linux

package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/uringnet/uringnet/compat/bench/cells"
)

// prepared is a dialogue whose requests are all the same bytes, as are the answers.
type prepared struct {
	request, answer []byte
	got             int // bytes of the answer that is arriving
	slot            int // the one whose answer it is: answers come in order
	slots           int
	open            func(rw io.ReadWriter) error // may be nil
}

var errWrongBytes = errors.New("the server's answer has wrong bytes in it")

// Open calls open.
func (p *prepared) Open(rw io.ReadWriter) error {
	if p.open == nil {
		return nil
	}
	return p.open(rw)
}

// Request appends the request.
func (p *prepared) Request(b []byte, slot int) []byte {
	p.slots = max(p.slots, slot+1)
	return append(b, p.request...)
}

// Answers compares b with answers in a row.
func (p *prepared) Answers(b []byte, done []int, reply []byte) ([]int, []byte, error) {
	for len(b) > 0 {
		n := min(len(b), len(p.answer)-p.got)
		if !bytes.Equal(b[:n], p.answer[p.got:p.got+n]) {
			return done, reply, errWrongBytes
		}
		b = b[n:]
		if p.got += n; p.got == len(p.answer) {
			p.got = 0
			done = append(done, p.slot)
			p.slot = (p.slot + 1) % p.slots
		}
	}
	return done, reply, nil
}

// RESP asks for a value, as a Redis client does.
func RESP() Dialogue {
	value := cells.Message()
	return &prepared{
		request: fmt.Appendf(nil, "*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", len(cells.Key), cells.Key),
		answer:  fmt.Appendf(nil, "$%d\r\n%s\r\n", len(value), value),
	}
}
