//go:build linux

package socket

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
)

// Listener is a listening socket. Accept takes from the backlog what is there; if there is nothing
// it waits in the runtime's poller, and looks again. So nothing is accepted that nobody asked for,
// and listeners that share a socket all hear of a connection.
type Listener struct {
	fd      int // valid while guard is held, or accepts.mu with the direction not closed
	network string
	addr    net.Addr
	guard   fdGuard
	poll    sched.PollDesc
	accepts direction // its side is poll.In
}

func (l *Listener) init(fd int, network string, addr net.Addr, shared bool) {
	l.fd, l.network, l.addr = fd, network, addr
	l.guard.shared.Store(shared)
	l.poll.Init(fd)
	l.accepts.side = &l.poll.In
}

// Network is what the socket was made with, such as "tcp4".
func (l *Listener) Network() string { return l.network }

// Addr is the address that the socket is bound to.
func (l *Listener) Addr() net.Addr { return l.addr }

// SetDeadline sets the deadline of accepting.
func (l *Listener) SetDeadline(t time.Time) error { return netError(l.accepts.side.SetDeadline(t)) }

// Close interrupts the Accept that waits, and ends the socket.
func (l *Listener) Close() error {
	if err := l.guard.close(); err != nil {
		return err
	}
	l.poll.Evict()
	l.guard.awaitUsers()
	l.accepts.mu.Lock()
	defer l.accepts.mu.Unlock()
	l.poll.Close()
	return closeFD(l.fd)
}

// CloseLost closes a listener that the program has lost, unless it has closed it. As in package
// net, the file of a Unix socket stays.
func (l *Listener) CloseLost() {
	if !l.guard.isClosing() { // it has, as a rule
		l.Close()
	}
}

// acceptFD waits for a connection and returns its file descriptor.
func (l *Listener) acceptFD() (int, error) {
	l.accepts.mu.Lock()
	defer l.accepts.mu.Unlock()
	if err := l.accepts.prepare(); err != nil {
		return -1, err
	}
	for {
		switch fd, errno := l.acceptAtOnce(); errno {
		case 0:
			return fd, nil
		case syscall.EINTR, syscall.ECONNABORTED:
		case syscall.EAGAIN:
			if err := l.accepts.waitReady(); err != nil {
				return -1, err
			}
		default:
			return -1, os.NewSyscallError("accept4", errno)
		}
	}
}

// acceptAtOnce takes a connection from the backlog, if there is one.
//
// Where somebody may have made the descriptor blocking it looks first whether there is one, and
// makes the descriptor non-blocking again, as package net makes one that it inherits: accept4(2)
// would wait in the kernel otherwise, where no Close finds it.
func (l *Listener) acceptAtOnce() (int, syscall.Errno) {
	l.guard.mu.Lock()
	if !l.guard.isShared() {
		defer l.guard.mu.Unlock()
		return acceptNow(l.fd, nil, true)
	}
	l.guard.mu.Unlock()
	if !backlogged(l.fd) {
		return -1, syscall.EAGAIN
	}
	if isBlocking(l.fd) {
		unix.SetNonblock(l.fd, true)
	}
	return acceptNow(l.fd, nil, false)
}

// backlogged reports whether connections wait to be accepted.
func backlogged(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return n > 0 || err != nil
}

// TCPListener is a listener of TCP, or MPTCP.
type TCPListener struct {
	Listener
	keepAlive net.KeepAliveConfig
	inherits  sync.Once
	setEach   bool // accepted sockets may not inherit the options; also written in inherits
	lingers   bool // accepted sockets inherit SO_LINGER
}

func newTCPListener(fd int, network string, addr net.Addr, keepAlive net.KeepAliveConfig, shared bool) *TCPListener {
	l := &TCPListener{keepAlive: keepAlive}
	l.init(fd, network, addr, shared)
	// What package net sets on each accepted socket is set once here, for Linux to pass on. Errors
	// are ignored as package net ignores them.
	l.setOptions(fd)
	// Connections that were there before have not got them.
	l.setEach = backlogged(fd)
	linger, err := unix.GetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER)
	l.lingers = err != nil || linger.Onoff != 0
	return l
}

func (l *TCPListener) setOptions(fd int) {
	setNoDelay(fd, true)
	if l.keepAlive.Enable {
		setKeepAliveConfig(fd, l.keepAlive)
	}
}

// Accept waits for a connection.
func (l *TCPListener) Accept() (*Conn, error) {
	fd, err := l.acceptFD()
	if err != nil {
		return nil, err
	}
	// Whether options are inherited depends on the protocol (TCP, MPTCP), not on the connection.
	l.inherits.Do(func() { l.setEach = l.setEach || !l.passesOptionsTo(fd) })
	shared := l.guard.isShared()
	if l.setEach || shared { // who shares the listener may have changed what it passes on
		l.setOptions(fd)
	}
	c := newConn(fd, tcp, l.network, false)
	if l.lingers || shared {
		c.lingers.Store(true)
	}
	c.receive.nonEmpty = true // clients speak first, as a rule
	return c, nil
}

// passesOptionsTo compares the options of the listener with those of a socket that it has accepted.
func (l *TCPListener) passesOptionsTo(conn int) bool {
	if l.guard.acquire() != nil {
		return false
	}
	defer l.guard.release()
	for _, o := range [...][2]int{
		{unix.IPPROTO_TCP, unix.TCP_NODELAY}, {unix.SOL_SOCKET, unix.SO_KEEPALIVE},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE}, {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL}, {unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
	} {
		have, err1 := unix.GetsockoptInt(conn, o[0], o[1])
		want, err2 := unix.GetsockoptInt(l.fd, o[0], o[1])
		if have != want || err1 != nil || err2 != nil {
			return false
		}
	}
	return true
}

// UnixListener is a listener of a Unix stream or sequenced-packet socket.
type UnixListener struct {
	Listener
	path       string
	unlink     atomic.Bool
	unlinkOnce sync.Once
}

func newUnixListener(fd int, network string, addr net.Addr, unlink, shared bool) *UnixListener {
	l := &UnixListener{path: addr.String()}
	l.unlink.Store(unlink)
	l.init(fd, network, addr, shared)
	return l
}

// Accept waits for a connection.
func (l *UnixListener) Accept() (*Conn, error) {
	fd, err := l.acceptFD()
	if err != nil {
		return nil, err
	}
	return newConn(fd, unixKind(l.network), l.network, false), nil
}

// SetUnlinkOnClose sets whether Close removes the socket file.
func (l *UnixListener) SetUnlinkOnClose(unlink bool) { l.unlink.Store(unlink) }

// Close removes the socket file first, as package net does, so that nobody finds it without a
// listener.
func (l *UnixListener) Close() error {
	l.unlinkOnce.Do(func() {
		if l.path != "" && l.path[0] != '@' && l.unlink.Load() {
			syscall.Unlink(l.path)
		}
	})
	return l.Listener.Close()
}
