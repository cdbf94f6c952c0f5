package uringnet

import "testing"

// The scheduler is told of every second Write of a connection that is alone, and of none in
// company.
func TestTellsWhenAlone(t *testing.T) {
	var s socket
	told := func() (n int) {
		for range 10 {
			if s.tells() {
				n++
			}
		}
		return n
	}
	for _, step := range []struct {
		alone bool
		want  int
	}{{false, 0}, {true, 5}, {false, 0}} {
		s.alone.Store(step.alone)
		if got := told(); got != step.want {
			t.Errorf("alone %v: told of %d of 10 Writes, want %d", step.alone, got, step.want)
		}
	}
}

// Alone lets the tests outside of the package, which know whether the kernel has io_uring, see
// whether c is one that knows it is alone.
func Alone(c *TCPConn) bool {
	s, ok := c.s.(*ringTCP)
	return ok && s.alone.Load()
}
