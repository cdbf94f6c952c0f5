//go:build linux

package socket

import "time"

// Borrowed is a socket whose descriptor package net owns, in a program that was built by `uringnet
// go`: what package net does with it waits here, and its reads and writes are made here. Package
// net sees to it that reads exclude each other, that writes do, and that the descriptor stays open
// while a call is at work.
//
// Its life is that of the descriptor:
//
//	open     Calls come and go. Evict -> evicted.
//	evicted  Calls that wait were woken, and none waits any more. Release, after the last call has
//	         left, ends it: then Close.
type Borrowed struct{ endpoint }

// Borrow makes a socket of a descriptor of one of the networks tcp, tcp4, tcp6, unix and
// unixpacket. It need not be connected yet, and may be a listener.
//
// The poller watches it from now on, as package net has it. To have it do so later takes stack of
// the goroutine that waits first, which has package net's calls above ours on it.
func Borrow(fd int, network string) (*Borrowed, error) {
	b := new(Borrowed)
	b.init(fd, kindOf(network))
	b.receive.nonEmpty = true // what was accepted has something, as a rule
	if err := b.poll.Watch(); err != nil {
		return nil, err
	}
	return b, nil
}

func kindOf(network string) kind {
	switch network {
	case "unix":
		return unixStream
	case "unixpacket":
		return unixPacket
	}
	return tcp
}

// Write sends as [Conn.Write] does.
func (b *Borrowed) Write(p []byte) (int, error) { return b.write(p) }

// Prepare begins a call of package net's own that reads or writes, by the mode 'r' or 'w', and may
// wait: it forgets what became ready until now, and returns what forbids the call.
func (b *Borrowed) Prepare(mode int) error {
	if mode == 'r' {
		return b.rd.prepare()
	}
	b.noteWrite()
	return b.wr.prepare()
}

// Wait parks until there may be something to do. Its caller has seen EAGAIN since Prepare.
func (b *Borrowed) Wait(mode int) error {
	if mode == 'r' {
		return b.rd.waitReady()
	}
	return b.wr.waitReady()
}

// SetDeadline sets the deadline of the mode 'r', 'w', or 'r'+'w'; the zero time clears it.
func (b *Borrowed) SetDeadline(t time.Time, mode int) error {
	switch mode {
	case 'r':
		return netError(b.rd.side.SetDeadline(t))
	case 'w':
		return netError(b.wr.side.SetDeadline(t))
	}
	return netError(b.poll.SetDeadline(t))
}

// Evict interrupts all calls, for good.
func (b *Borrowed) Evict() { b.poll.Evict() }

// Release waits until the kernel has let go of the socket. Nobody calls anything afterwards.
func (b *Borrowed) Release() {
	b.receive.op.AwaitRelease()
	b.poll.Close()
}
