//go:build linux

package server

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"time"

	"github.com/uringnet/uringnet/internal/bench/rawio"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// push sends a message to the client now and then, while another goroutine waits for what the
// client has to say: so do servers of WebSockets.
func push(size int) func(net.Conn) {
	return func(c net.Conn) {
		go discard(c)
		message := make([]byte, size)
		workload.FillPush(message, 0)
		for {
			time.Sleep(workload.PushPause/2 + rand.N(workload.PushPause))
			now, err := rawio.Monotonic()
			if err != nil {
				return
			}
			binary.BigEndian.PutUint64(message, uint64(now))
			if _, err := c.Write(message); err != nil {
				return
			}
		}
	}
}
