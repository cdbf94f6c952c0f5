package uringnet

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

// ringListener is a listening socket. Accept takes from the backlog what is there; if there is
// nothing it waits in the runtime's poller, and looks again. So nothing is accepted that nobody
// asked for, and listeners that share a socket all hear of a connection.
type ringListener struct {
	fd      int
	network string
	addr    net.Addr
	guard   fdGuard
	poll    sched.PollDesc
	accepts direction // its side is poll.In

	// sharing guards shared, and is held over an accept4 while it is unset: who shares the
	// descriptor waits until that is over. shared is unset while nobody else can have the
	// descriptor or a duplicate of it: the socket was made here, without a hook, and File and
	// SyscallConn were not called. Otherwise somebody may change its options, or make it blocking.
	sharing sync.Mutex
	shared  bool
}

func (l *ringListener) init(fd int, network string, addr net.Addr) {
	l.fd, l.network, l.addr, l.shared = fd, network, addr, true
	l.poll.Init(fd)
	l.accepts.side = &l.poll.In
}

// acceptFD waits for a connection and returns its file descriptor.
func (l *ringListener) acceptFD() (int, error) {
	l.accepts.mu.Lock()
	defer l.accepts.mu.Unlock()
	if err := l.accepts.side.Prepare(); err != nil {
		return -1, err
	}
	for {
		switch fd, errno := l.acceptAtOnce(); errno {
		case 0:
			return fd, nil
		case syscall.EINTR, syscall.ECONNABORTED:
		case syscall.EAGAIN:
			if err := l.accepts.side.WaitReady(); err != nil {
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
func (l *ringListener) acceptAtOnce() (int, syscall.Errno) {
	l.sharing.Lock()
	if !l.shared {
		defer l.sharing.Unlock()
		return acceptNow(l.fd, true)
	}
	l.sharing.Unlock()
	if !backlogged(l.fd) {
		return -1, syscall.EAGAIN
	}
	if isBlocking(l.fd) {
		unix.SetNonblock(l.fd, true)
	}
	return acceptNow(l.fd, false)
}

// share notes that others may use the descriptor from now on.
func (l *ringListener) share() {
	l.sharing.Lock()
	l.shared = true
	l.sharing.Unlock()
}

// own says that nobody else can use the descriptor.
func (l *ringListener) own() {
	l.sharing.Lock()
	l.shared = false
	l.sharing.Unlock()
}

func (l *ringListener) isShared() bool {
	l.sharing.Lock()
	defer l.sharing.Unlock()
	return l.shared
}

// Close interrupts the Accept that waits, and ends the socket.
func (l *ringListener) Close() error {
	if err := l.guard.close(); err != nil {
		return l.opError("close", err)
	}
	l.poll.Evict()
	l.guard.wait()
	l.accepts.mu.Lock()
	defer l.accepts.mu.Unlock()
	l.poll.Close()
	if err := syscall.Close(l.fd); err != nil {
		return l.opError("close", os.NewSyscallError("close", err))
	}
	return nil
}

// Addr is that of net.Listener.
func (l *ringListener) Addr() net.Addr { return l.addr }

// SetDeadline is that of net.TCPListener.
func (l *ringListener) SetDeadline(t time.Time) error {
	return ioError(l.accepts.side.SetDeadline(t))
}

// File is that of net.TCPListener.
func (l *ringListener) File() (*os.File, error) {
	l.share()
	f, err := fileOf(&l.guard, l.fd, func(f *os.File) (filer, error) {
		nl, err := net.FileListener(f)
		if err != nil {
			return nil, err
		}
		return nl.(filer), nil
	})
	if err != nil {
		return nil, l.opError("file", err)
	}
	return f, nil
}

// SyscallConn is that of net.TCPListener: only Control works.
func (l *ringListener) SyscallConn() (syscall.RawConn, error) {
	l.share()
	return rawListener{l}, nil
}

type rawListener struct{ l *ringListener }

// Control, Read and Write are those of syscall.RawConn.
func (c rawListener) Control(f func(fd uintptr)) error {
	if err := c.l.guard.acquire(); err != nil {
		return &net.OpError{Op: "raw-control", Net: c.l.network, Addr: c.l.addr, Err: err}
	}
	defer c.l.guard.release()
	f(uintptr(c.l.fd))
	return nil
}

func (rawListener) Read(func(uintptr) bool) error  { return syscall.EINVAL }
func (rawListener) Write(func(uintptr) bool) error { return syscall.EINVAL }

func (l *ringListener) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: l.network, Addr: l.addr, Err: ioError(err)}
}

// ringTCPListener is a TCP listener of ours, as against package net's.
type ringTCPListener struct {
	ringListener
	keepAlive net.KeepAliveConfig
	inherits  sync.Once
	setEach   bool // accepted sockets may not inherit the options; also written in inherits
	lingers   bool // accepted sockets inherit SO_LINGER
}

func newRingTCPListener(nl *net.TCPListener, ka net.KeepAliveConfig) (net.Listener, error) {
	fd, err := takeOver(nl)
	if err != nil {
		return nil, err
	}
	l := &ringTCPListener{keepAlive: ka}
	l.init(fd, networkOf(nl), nl.Addr())
	// What package net sets on each accepted socket is set once here, for Linux to pass on. Errors
	// are ignored as package net ignores them.
	l.setOptions(fd)
	// Connections that were there before have not got them.
	l.setEach = backlogged(fd)
	linger, err := unix.GetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER)
	l.lingers = err != nil || linger.Onoff != 0
	handle := &TCPListener{s: l}
	closeUnreachable(handle, &l.guard, l)
	return handle, nil
}

func (l *ringTCPListener) setOptions(fd int) {
	setNoDelay(fd, true)
	if l.keepAlive.Enable {
		setKeepAliveConfig(fd, l.keepAlive)
	}
}

func (l *ringTCPListener) accept() (*TCPConn, error) {
	fd, err := l.acceptFD()
	if err != nil {
		return nil, l.opError("accept", err)
	}
	// Whether options are inherited depends on the protocol (TCP, MPTCP), not on the connection.
	l.inherits.Do(func() { l.setEach = l.setEach || !l.passesOptionsTo(fd) })
	shared := l.isShared()
	if l.setEach || shared { // who shares the listener may have changed what it passes on
		l.setOptions(fd)
	}
	c, rs := newTCP(fd, l.network)
	if l.lingers || shared {
		rs.mayLinger.Store(true)
	}
	rs.receive.nonEmpty = true // clients speak first, as a rule
	return c, nil
}

// backlogged reports whether connections wait to be accepted.
func backlogged(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, 0)
	return n > 0 || err != nil
}

// passesOptionsTo compares the options of the listener with those of a socket that it has accepted.
func (l *ringTCPListener) passesOptionsTo(conn int) bool {
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

// ringUnixListener is a Unix listener of ours.
type ringUnixListener struct {
	ringListener
	path       string
	unlink     atomic.Bool
	unlinkOnce sync.Once
}

func newRingUnixListener(nl *net.UnixListener, unlink bool) (net.Listener, error) {
	nl.SetUnlinkOnClose(false) // its Close must leave the socket file to us
	fd, err := takeOver(nl)
	if err != nil {
		nl.SetUnlinkOnClose(unlink)
		return nil, err
	}
	l := &ringUnixListener{path: nl.Addr().String()}
	l.unlink.Store(unlink)
	l.init(fd, networkOf(nl), nl.Addr())
	handle := &UnixListener{s: l}
	closeUnreachable(handle, &l.guard, &l.ringListener) // as in package net, the socket file stays
	return handle, nil
}

func (l *ringUnixListener) accept() (*UnixConn, error) {
	fd, err := l.acceptFD()
	if err != nil {
		return nil, l.opError("accept", err)
	}
	c, _ := newUnix(fd, l.network)
	return c, nil
}

// SetUnlinkOnClose is that of net.UnixListener.
func (l *ringUnixListener) SetUnlinkOnClose(unlink bool) { l.unlink.Store(unlink) }

// Close removes the socket file first, as package net does, so that nobody finds it without a
// listener.
func (l *ringUnixListener) Close() error {
	l.unlinkOnce.Do(func() {
		if l.path != "" && l.path[0] != '@' && l.unlink.Load() {
			syscall.Unlink(l.path)
		}
	})
	return l.ringListener.Close()
}
