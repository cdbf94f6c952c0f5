//go:build linux

package socket

import (
	"sync/atomic"

	"github.com/uringnet/uringnet/internal/sched"
)

// endpoint is what reads and writes of a connected socket need: the descriptor, which somebody else
// keeps open, and where its calls wait. A [Conn] has one, and so has a [Borrowed] socket.
type endpoint struct {
	// The order of the fields keeps what every Read and Write touches in few cache lines: with
	// thousands of connections each of them is a miss.
	fd      int
	receive receive
	rd      direction
	poll    sched.PollDesc // its sides are those of rd and wr
	wr      direction
	kind    kind

	// shared is set for good once somebody else may have the descriptor of a [Borrowed] socket; see
	// fdGuard for those of a [Conn]. Under wr.mu, which no write holds there.
	shared bool

	// listens is set once something was accepted from a [Borrowed] socket. Under wr.mu.
	listens bool

	// answered is set by whatever writes, and reset by a Read of much; see inStream.
	answered atomic.Bool

	sentVisibly bool // the scheduler knows of the last Write; under wr.mu
}

type kind uint8

const (
	tcp kind = iota
	unixStream
	unixPacket // SOCK_SEQPACKET: one read is one message
)

func (c *endpoint) init(fd int, kind kind) {
	c.fd, c.kind = fd, kind
	c.poll.Init(fd)
	c.rd.side, c.wr.side = &c.poll.In, &c.poll.Out
	c.receive.op.Init(c.rd.side)
}

func (c *endpoint) isStream() bool { return c.kind != unixPacket }
