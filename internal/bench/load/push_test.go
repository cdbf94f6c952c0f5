//go:build linux

package load

import (
	"net"
	"strings"
	"testing"
	"time"

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

func TestPushLatencyIsThatOfTheMessage(t *testing.T) {
	w := workload.Workload{Kind: workload.Push, Conns: 2, Size: 64}
	const before = 20 * time.Millisecond
	r, err := measure(t, sendPushes(t, before, 63), w, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if least := micros(int64(before)) * 0.99; r.Requests == 0 || r.P50 < least {
		t.Errorf("the median latency of %d messages is %v us, want at least %v us", r.Requests, r.P50, least)
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
