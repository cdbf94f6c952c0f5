package uringnet

import (
	"context"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/uringnet/uringnet/internal/sched"
)

// throughRing returns the net.Dialer to dial with. On the rings its last Control hook connects the socket by a CONNECT
// request; package net's own connect then finds it connected (EISCONN). So addresses, races, deadlines and
// errors remain package net's. It connects by itself where that is no loss (Unix sockets, which never wait) or
// where it binds after the hook (LocalAddr).
func (d *Dialer) throughRing(network string) *net.Dialer {
	nd := (*net.Dialer)(d)
	if !isTCP(network) || nd.LocalAddr != nil || !chooseBackend().ring {
		return nd
	}
	hooked := *nd
	hooked.ControlContext = func(ctx context.Context, network, address string, c syscall.RawConn) error {
		if nd.ControlContext != nil {
			if err := nd.ControlContext(ctx, network, address, c); err != nil {
				return err
			}
		} else if nd.Control != nil {
			if err := nd.Control(network, address, c); err != nil {
				return err
			}
		}
		return connectByRing(ctx, network, address, c)
	}
	return &hooked
}

// connectByRing connects the socket, or leaves it to package net: after an interruption, so that the error is its own.
func connectByRing(ctx context.Context, network, address string, c syscall.RawConn) error {
	addr, err := net.ResolveTCPAddr(network, address) // numeric: nothing is looked up
	if err != nil {
		return nil
	}
	sa := encodeTCPAddr(addr, strings.HasSuffix(network, "6"))
	if sa == nil {
		return nil
	}
	var errno syscall.Errno
	if err := c.Control(func(fd uintptr) { errno = connectFD(ctx, int(fd), sa) }); err != nil {
		return err
	}
	if errno != 0 {
		return os.NewSyscallError("connect", errno)
	}
	return nil
}

func connectFD(ctx context.Context, fd int, sa []byte) syscall.Errno {
	var d direction
	d.init()
	stop := context.AfterFunc(ctx, func() { sched.Close(&d.dl) })
	defer stop()
	for {
		d.op.Connect(fd, sa)
		interrupted := d.op.Await(&d.dl)
		if interrupted != nil {
			d.op.CancelAndAwait()
		}
		r := d.op.Take()
		switch {
		case interrupted != nil:
			return 0
		case r.Errno == syscall.EISCONN:
			return 0
		case r.Errno != syscall.ECANCELED && r.Errno != syscall.EINTR && r.Errno != syscall.EALREADY:
			return r.Errno
		}
	}
}
