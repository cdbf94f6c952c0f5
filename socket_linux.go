package uringnet

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/sched"
)

// socket is a connected stream or sequenced-packet socket.
//
// Lock order: rd.mu before wr.mu. Neither is ever waited for by the deadline setters, and Close
// waits for them only after it has interrupted whoever holds them.
type socket struct {
	// The order of the fields keeps what every Read and Write touches in few cache lines: with
	// thousands of connections each of them is a miss.
	fd      int // valid while guard is held, or rd.mu or wr.mu with the direction not closed
	receive receive
	rd      direction
	poll    sched.PollDesc // its sides are those of rd and wr
	wr      direction
	guard   fdGuard
	network string
	packets bool // SOCK_SEQPACKET: one read is one message
	foreign bool // somebody else made the socket, and may have a duplicate of the descriptor; set before it is used

	// raw is set once somebody has raw access to the file descriptor, or a duplicate of it.
	raw atomic.Bool

	// mayLinger is set if somebody may have set SO_LINGER, which lets close(2) wait.
	mayLinger atomic.Bool

	// answered is set by whatever writes, and reset by a Read of much; see inStream.
	answered atomic.Bool

	// alone is set while no other connection is at work. Reads store it, for Writes.
	alone atomic.Bool

	told  bool // the scheduler knows of the last Write; under wr.mu
	addrs addrPair
}

// direction is one half of a socket, or a listener's accepting.
type direction struct {
	// mu serialises the calls of this direction; its holder owns side.
	mu   sync.Mutex
	side *sched.Side
}

func (s *socket) init(fd int, network string) {
	s.fd, s.network, s.packets = fd, network, network == "unixpacket"
	s.poll.Init(fd)
	s.rd.side, s.wr.side = &s.poll.In, &s.poll.Out
	s.receive.op.Init(s.rd.side)
}

// own says that nobody else can have the descriptor.
func (s *socket) own() { s.foreign = false }

// isBlocking reports whether somebody has made the descriptor, or a duplicate of it, blocking.
func isBlocking(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_NONBLOCK == 0
}

// LocalAddr and RemoteAddr are those of net.Conn.
func (s *socket) LocalAddr() net.Addr  { return s.addrs.of(s).local }
func (s *socket) RemoteAddr() net.Addr { return s.addrs.of(s).remote }

// Close interrupts all calls, waits until they have left and the kernel has let go of the socket,
// and closes it.
func (s *socket) Close() error {
	s.addrs.remember(s) // the errors of what is interrupted name the addresses
	if err := s.guard.close(); err != nil {
		return s.opError("close", err)
	}
	s.poll.Evict()
	s.guard.wait()
	s.rd.mu.Lock()
	s.wr.mu.Lock()
	s.poll.Close()
	// From here on nobody uses fd: whoever locks a direction finds it closed. close(2) may wait,
	// for SO_LINGER.
	s.wr.mu.Unlock()
	s.rd.mu.Unlock()
	end := closeNow
	if s.network[0] != 't' || s.mayLinger.Load() || s.raw.Load() {
		end = syscall.Close // a Unix socket may hold others, which linger in its place
	}
	if err := end(s.fd); err != nil {
		return s.opError("close", os.NewSyscallError("close", err))
	}
	return nil
}

// SetDeadline, SetReadDeadline and SetWriteDeadline are those of net.Conn.
func (s *socket) SetDeadline(t time.Time) error      { return s.setDeadline(t, &s.poll) }
func (s *socket) SetReadDeadline(t time.Time) error  { return s.setDeadline(t, s.rd.side) }
func (s *socket) SetWriteDeadline(t time.Time) error { return s.setDeadline(t, s.wr.side) }

func (s *socket) setDeadline(t time.Time, of interface{ SetDeadline(time.Time) error }) error {
	if err := of.SetDeadline(t); err != nil {
		return s.setError(err)
	}
	return nil
}

// control runs f while the file descriptor is held open. Its error is f's, named by call, or
// net.ErrClosed.
func (s *socket) control(call string, f func(fd int) error) error {
	if err := s.guard.acquire(); err != nil {
		return err
	}
	defer s.guard.release()
	return os.NewSyscallError(call, f(s.fd))
}

// CloseRead and CloseWrite are those of net.TCPConn.
func (s *socket) CloseRead() error  { return s.shutdown(syscall.SHUT_RD) }
func (s *socket) CloseWrite() error { return s.shutdown(syscall.SHUT_WR) }

func (s *socket) shutdown(how int) error {
	raceWrite() // the peer may read the end of file
	err := s.control("shutdown", func(fd int) error { return syscall.Shutdown(fd, how) })
	if err != nil {
		return s.opError("close", err)
	}
	return nil
}

// File is that of net.TCPConn.
func (s *socket) File() (*os.File, error) {
	s.raw.Store(true)
	f, err := fileOf(&s.guard, s.fd, func(f *os.File) (filer, error) {
		if s.network[0] == 't' {
			// Not FileConn, which would set TCP_NODELAY and the keep-alive options anew, of the
			// socket that we share.
			l, err := net.FileListener(f)
			if err != nil {
				return nil, err
			}
			return l.(filer), nil
		}
		c, err := net.FileConn(f)
		if err != nil {
			return nil, err
		}
		return c.(filer), nil
	})
	if err != nil {
		return nil, s.opError("file", err)
	}
	return f, nil
}

// filer is a socket of package net that hands out its file descriptor.
type filer interface {
	File() (*os.File, error)
	Close() error
}

// fileOf has package net make the *os.File, which knows how to become blocking again when its Fd is
// called.
func fileOf(g *fdGuard, fd int, adopt func(*os.File) (filer, error)) (*os.File, error) {
	if err := g.acquire(); err != nil {
		return nil, err
	}
	defer g.release()
	dup, err := dupCloseOnExec(fd)
	if err != nil {
		return nil, err
	}
	plain := os.NewFile(uintptr(dup), "")
	defer plain.Close()
	owner, err := adopt(plain)
	if err != nil {
		return nil, err
	}
	defer owner.Close()
	return owner.File()
}

// opError wraps err as package net does for a call on a connection.
func (s *socket) opError(op string, err error) error {
	a := s.addrs.of(s)
	return &net.OpError{Op: op, Net: s.network, Source: a.local, Addr: a.remote, Err: ioError(err)}
}

// setError wraps err as package net does for the setting of an option or a deadline.
func (s *socket) setError(err error) error {
	return &net.OpError{Op: "set", Net: s.network, Addr: s.LocalAddr(), Err: ioError(err)}
}

// ioError names an interruption as package net does.
func ioError(err error) error {
	if errors.Is(err, sched.ErrClosed) {
		return net.ErrClosed
	}
	return err
}

// closeUnreachable makes the garbage collector close a socket that the program has lost, as package
// net does. The handle is what the program holds; the rings hold the socket only.
func closeUnreachable[T any](handle *T, guard *fdGuard, s io.Closer) {
	type lost struct {
		guard *fdGuard
		s     io.Closer
	}
	runtime.AddCleanup(handle, func(l lost) {
		if !l.guard.isClosing() { // closed by the program, as a rule
			l.s.Close()
		}
	}, lost{guard, s})
}
