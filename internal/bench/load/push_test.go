//go:build linux

package load

import (
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// sendPushes sends messages that say that they were written so much before they are, each in two
// parts, until the client has enough.
func sendPushes(t *testing.T, before time.Duration, last byte) string {
	t.Helper()
	return serving(t, func(c net.Conn) {
		message := make([]byte, 64)
		for {
			now, err := rawio.Monotonic()
			if err != nil {
				return
			}
			workload.FillPush(message, now-int64(before))
			message[63] = last
			for _, part := range [][]byte{message[:20], message[20:]} {
				if _, err := c.Write(part); err != nil {
					return
				}
			}
		}
	})
}

// The latency of a message counts from the call that wrote it. A message that was written before
// the run began has none, although it counts.
func TestPushLatencyIsThatOfTheMessage(t *testing.T) {
	l, err := newLoop(workload.Workload{Kind: workload.Push, Conns: 1, Size: 64}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(l.ep)
	d := newPush(l)
	now, err := rawio.Monotonic()
	if err != nil {
		t.Fatal(err)
	}
	const before = 20 * time.Millisecond
	d.began = now - int64(time.Second)
	for _, written := range []int64{now - int64(before), d.began - 1} {
		message := make([]byte, 64)
		workload.FillPush(message, written)
		if err := d.message(message); err != nil {
			t.Fatal(err)
		}
	}
	least := int64(before) * 99 / 100 // the histogram has three digits
	if d.requests != 2 || l.hist.TotalCount() != 1 || l.hist.Min() < least {
		t.Errorf("%d messages, %d latencies of at least %d ns; want 2 and 1, of at least %d ns",
			d.requests, l.hist.TotalCount(), l.hist.Min(), least)
	}
}

func TestPushErrors(t *testing.T) {
	w := workload.Workload{Kind: workload.Push, Conns: 1, Size: 64}
	for want, addr := range map[string]string{
		"wrong bytes":      sendPushes(t, 0, 'x'),
		"ns after it came": sendPushes(t, -time.Hour, 63),
	} {
		if _, err := measure(t, addr, w, time.Minute); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
