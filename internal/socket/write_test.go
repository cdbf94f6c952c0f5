//go:build linux

package socket

import "testing"

// The scheduler is told of every second Write of a connection that is alone, and of none in
// company.
func TestSendVisiblyWhenAlone(t *testing.T) {
	var c Conn
	told := func() (n int) {
		for range 10 {
			if c.sendVisibly() {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		alone bool
		want  int
	}{{false, 0}, {true, 5}, {false, 0}} {
		c.alone.Store(step.alone)
		if got := told(); got != step.want {
			t.Errorf("alone %v: told of %d of 10 Writes, want %d", step.alone, got, step.want)
		}
	}
}
