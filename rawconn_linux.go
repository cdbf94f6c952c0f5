package uringnet

import "net"

// rawConn gives raw access to a socket's file descriptor. It implements syscall.RawConn as package
// net does: Control runs at once, Read and Write exclude the connection's reads and writes and wait
// while the callback returns false. The wait is edge-triggered: the callback is called again when
// something new has become ready.
type rawConn struct{ s *socket }

// rawAccess hands out raw access.
func (s *socket) rawAccess() rawConn {
	s.raw.Store(true)
	return rawConn{s}
}

// Control, Read and Write are those of syscall.RawConn.
func (c rawConn) Control(f func(fd uintptr)) error {
	if err := c.s.guard.acquire(); err != nil {
		return &net.OpError{Op: "raw-control", Net: c.s.network, Addr: c.s.LocalAddr(), Err: err}
	}
	defer c.s.guard.release()
	f(uintptr(c.s.fd))
	return nil
}

func (c rawConn) Read(f func(fd uintptr) bool) error  { return c.call("raw-read", &c.s.rd, f) }
func (c rawConn) Write(f func(fd uintptr) bool) error { return c.call("raw-write", &c.s.wr, f) }

// call calls f until it returns true, and waits in between.
func (c rawConn) call(op string, d *direction, f func(fd uintptr) bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.side.Prepare()
	for err == nil && !f(uintptr(c.s.fd)) {
		err = d.side.WaitReady()
	}
	if err != nil {
		return c.s.opError(op, err)
	}
	return nil
}
