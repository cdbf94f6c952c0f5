package workload

import (
	"encoding/binary"
	"time"
)

// PushTime is the number of bytes at the beginning of a message of the Push kind that hold the time
// of its write: nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
const PushTime = 8

// PushPause is how long a server of the Push kind waits on a connection between two messages, in
// the mean; the pauses lie between half of it and half more.
const PushPause = 100 * time.Millisecond

// FillPush writes a message of the Push kind into m.
func FillPush(m []byte, now int64) {
	binary.BigEndian.PutUint64(m, uint64(now))
	for i := PushTime; i < len(m); i++ {
		m[i] = byte(i)
	}
}
