//go:build linux

package socket

// Raw access gives a callback the file descriptor, as a syscall.RawConn does. From the first time
// on the socket is shared: the callback may have kept the descriptor, or a duplicate of it.

// RawControl runs f at once, while the descriptor is held open.
func (c *Conn) RawControl(f func(fd uintptr)) error { return c.guard.control(c.fd, f) }

// RawRead calls f until it returns true, and excludes reads. In between it waits until something
// new can be read: edge-triggered, as package net does.
func (c *Conn) RawRead(f func(fd uintptr) bool) error { return c.raw(&c.rd, f) }

// RawWrite is RawRead for writes.
func (c *Conn) RawWrite(f func(fd uintptr) bool) error { return c.raw(&c.wr, f) }

func (c *Conn) raw(d *direction, f func(fd uintptr) bool) error {
	c.guard.share()
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.prepare()
	for err == nil && !f(uintptr(c.fd)) {
		err = d.waitReady()
	}
	return err
}

// RawControl runs f at once, while the descriptor is held open. A listener has no other raw access.
func (l *Listener) RawControl(f func(fd uintptr)) error { return l.guard.control(l.fd, f) }

func (g *fdGuard) control(fd int, f func(fd uintptr)) error {
	g.share()
	if err := g.acquire(); err != nil {
		return err
	}
	defer g.release()
	f(uintptr(fd))
	return nil
}
