//go:build linux

package socket

import (
	"encoding/binary"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

// addrPair holds a socket's addresses. The kernel is asked for them when they are needed, at the
// latest when Close begins, and what it says becomes a net.Addr when somebody wants one.
type addrPair struct {
	// nil until somebody has wanted them; stored under mu, or before the socket is shared
	known atomic.Pointer[addrs]

	// mu guards names: what the kernel said, or nil if it was not asked or the addresses are known.
	mu    sync.Mutex
	names *tcpNames
}

// addrs are the addresses of both ends; nil where the kernel does not say.
type addrs struct{ local, remote net.Addr }

// tcpNames are two encoded addresses, each as long as sizes says.
type tcpNames struct {
	local, peer [sizeofSockaddrIn6]byte
	sizes       [2]uint8
}

const sizeofSockaddrIn6 = 28

// set stores addresses that are known.
func (a *addrPair) set(laddr, raddr net.Addr) { a.known.Store(&addrs{laddr, raddr}) }

// of returns the addresses of c. After its Close they are those that Close remembered.
func (a *addrPair) of(c *Conn) addrs {
	if known := a.known.Load(); known != nil {
		return *known
	}
	a.remember(c)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.names != nil {
		a.set(tcpAddr(a.names.local[:a.names.sizes[0]]), tcpAddr(a.names.peer[:a.names.sizes[1]]))
		a.names = nil
	}
	if known := a.known.Load(); known != nil {
		return *known
	}
	return addrs{}
}

// remember asks the kernel, unless it was asked before or the socket is closed.
func (a *addrPair) remember(c *Conn) {
	if a.known.Load() != nil || c.guard.acquire() != nil {
		return
	}
	defer c.guard.release()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known.Load() != nil || a.names != nil {
		return
	}
	if c.kind != tcp {
		lsa, _ := syscall.Getsockname(c.fd)
		rsa, _ := syscall.Getpeername(c.fd)
		a.set(unixAddr(lsa, c.network), unixAddr(rsa, c.network))
		return
	}
	n := new(tcpNames)
	n.sizes[0] = uint8(localName(c.fd, n.local[:]))
	n.sizes[1] = uint8(peerName(c.fd, n.peer[:n.sizes[0]]))
	a.names = n
}

func unixAddr(sa syscall.Sockaddr, network string) net.Addr {
	if sa, ok := sa.(*syscall.SockaddrUnix); ok {
		return &net.UnixAddr{Name: sa.Name, Net: network}
	}
	return nil
}

// tcpAddr decodes a struct sockaddr_in or sockaddr_in6.
func tcpAddr(sa []byte) net.Addr {
	if len(sa) < 2 {
		return nil
	}
	switch family := binary.NativeEndian.Uint16(sa); {
	case family == syscall.AF_INET && len(sa) >= 8:
		return &net.TCPAddr{IP: net.IP(append([]byte(nil), sa[4:8]...)), Port: int(binary.BigEndian.Uint16(sa[2:]))}
	case family == syscall.AF_INET6 && len(sa) >= 28:
		return &net.TCPAddr{
			IP:   net.IP(append([]byte(nil), sa[8:24]...)),
			Port: int(binary.BigEndian.Uint16(sa[2:])),
			Zone: zoneName(binary.NativeEndian.Uint32(sa[24:])),
		}
	}
	return nil
}

func zoneName(index uint32) string {
	if index == 0 {
		return ""
	}
	if ifi, err := net.InterfaceByIndex(int(index)); err == nil {
		return ifi.Name
	}
	return strconv.Itoa(int(index))
}
