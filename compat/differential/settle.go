package differential

import (
	"fmt"
	"net"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The kernel's names for the states of a TCP socket (include/net/tcp_states.h).
const (
	tcpEstablished = 1
	tcpFinWait1    = 4
	tcpFinWait2    = 5
	tcpClosed      = 7
)

// sockets of TCP pass everything through the loopback device, usually before the system call
// returns, but not always: under load a kernel thread delivers it later. settle waits until both
// kernels' ends are in the state that the model says they will reach. Unix sockets deliver within
// the system call.
//
// It looks at the file descriptor by number, found by its addresses, because SyscallConn is no
// innocent bystander: uringnet stops receiving ahead once somebody has raw access, and these are
// the paths to be tested.
func (x *executor) settle(e *end) {
	if x.isUnix() || e.closed || e.fd < 0 {
		return
	}
	const enough = 3 * time.Second // it takes microseconds
	for start := time.Now(); !x.stopped.Load() && !e.atRest(); {
		if time.Since(start) > enough {
			info := tcpInfoOf(e.fd)
			x.note("settle "+e.name, fmt.Sprintf("%s: state %d, %d bytes", neverSettled, info.State, info.Bytes_received))
			return
		}
		runtime.Gosched()
	}
}

// neverSettled in a trace means that the model expects what the kernel does not do: a mistake of
// the model, if it happens on net.
const neverSettled = "the kernel never gets where the model expects it"

// atRest reports whether the kernel's socket is where the model says that e must arrive.
func (e *end) atRest() bool {
	info := tcpInfoOf(e.fd)
	switch {
	case e.reset, e.writeShut && e.finArrives():
		return info.State == tcpClosed
	case info.Bytes_received < uint64(e.peer.sent+e.peer.filled):
		return false
	case e.finArrives():
		return info.State != tcpEstablished && info.State != tcpFinWait1 && info.State != tcpFinWait2
	}
	return true
}

// tcpInfoOf returns what the kernel knows of a TCP socket, or nothing if it is none any more.
func tcpInfoOf(fd int) *unix.TCPInfo {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return new(unix.TCPInfo)
	}
	return info
}

// findFD returns the file descriptor of a TCP connection of this process, or -1.
func findFD(c net.Conn) int {
	local, ok1 := c.LocalAddr().(*net.TCPAddr)
	remote, ok2 := c.RemoteAddr().(*net.TCPAddr)
	if !ok1 || !ok2 {
		return -1
	}
	const enough = 1024 // descriptors: no test opens so many
	for fd := 3; fd < enough; fd++ {
		if sa, err := syscall.Getpeername(fd); err == nil && isAddr(sa, remote) {
			if sa, err := syscall.Getsockname(fd); err == nil && isAddr(sa, local) {
				return fd
			}
		}
	}
	return -1
}

func isAddr(sa syscall.Sockaddr, a *net.TCPAddr) bool {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return sa.Port == a.Port && a.IP.Equal(sa.Addr[:])
	case *syscall.SockaddrInet6:
		return sa.Port == a.Port && a.IP.Equal(sa.Addr[:])
	}
	return false
}
