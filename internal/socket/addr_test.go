//go:build linux

package socket

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// FuzzSockaddr decodes any bytes as the kernel's encoding of an address, beside a decoding by the
// structures of x/sys/unix.
func FuzzSockaddr(f *testing.F) {
	f.Add([]byte{})
	f.Add(encode(f, &unix.RawSockaddrInet4{Family: unix.AF_INET, Port: 0x901f, Addr: [4]byte{127, 0, 0, 1}}))
	f.Add(encode(f, &unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: 0x901f, Addr: [16]byte{0xfe, 0x80, 15: 1}, Scope_id: 1}))
	f.Add(encode(f, &unix.RawSockaddrUnix{Family: unix.AF_UNIX}))
	f.Fuzz(func(t *testing.T, sa []byte) {
		input := bytes.Clone(sa)
		got := tcpAddr(sa)
		if diff := cmp.Diff(reference(sa), got); diff != "" {
			t.Errorf("%x is decoded (-want +got):\n%s", sa, diff)
		}
		if a, ok := got.(*net.TCPAddr); ok {
			for i := range a.IP {
				a.IP[i]++
			}
		}
		if !bytes.Equal(sa, input) {
			t.Errorf("the address shares memory with what it was decoded from: %x became %x", input, sa)
		}
	})
}

// reference is what tcpAddr shall return, by way of the structures.
func reference(sa []byte) net.Addr {
	addr := func(ip []byte, port uint16, zone string) net.Addr {
		var b [2]byte
		binary.NativeEndian.PutUint16(b[:], port)
		return &net.TCPAddr{IP: ip, Port: int(binary.BigEndian.Uint16(b[:])), Zone: zone}
	}
	var family uint16
	if _, err := binary.Decode(sa, binary.NativeEndian, &family); err != nil {
		return nil
	}
	switch family {
	case unix.AF_INET:
		var in4 unix.RawSockaddrInet4
		const withoutPadding = 8
		if len(sa) < withoutPadding {
			return nil
		}
		padded := append(bytes.Clone(sa), make([]byte, len(in4.Zero))...)
		if _, err := binary.Decode(padded, binary.NativeEndian, &in4); err == nil {
			return addr(in4.Addr[:], in4.Port, "")
		}
	case unix.AF_INET6:
		var in6 unix.RawSockaddrInet6
		if _, err := binary.Decode(sa, binary.NativeEndian, &in6); err == nil {
			return addr(in6.Addr[:], in6.Port, zoneOf(in6.Scope_id))
		}
	}
	return nil
}

func zoneOf(scope uint32) string {
	if scope == 0 {
		return ""
	}
	interfaces, _ := net.Interfaces()
	for _, i := range interfaces {
		if uint32(i.Index) == scope {
			return i.Name
		}
	}
	return strconv.FormatUint(uint64(scope), 10)
}

func encode(tb testing.TB, v any) []byte {
	tb.Helper()
	b, err := binary.Append(nil, binary.NativeEndian, v)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// FuzzBoundAddress has the kernel encode an address: a socket is bound to it, and what the kernel
// calls it is decoded here and by package syscall.
func FuzzBoundAddress(f *testing.F) {
	for _, text := range []string{"127.0.0.1", "192.0.2.7", "::1", "::", "2001:db8::7", "::ffff:192.0.2.7", "fe80::1"} {
		addr := netip.MustParseAddr(text)
		ip := addr.As16()
		f.Add(addr.Is4(), binary.BigEndian.Uint64(ip[:8]), binary.BigEndian.Uint64(ip[8:]), uint32(1), uint16(0))
	}
	f.Fuzz(func(t *testing.T, is4 bool, high, low uint64, zone uint32, port uint16) {
		ip := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, high), low)
		addr := netip.AddrFrom16([16]byte(ip))
		if is4 {
			addr = netip.AddrFrom4([4]byte(ip[12:]))
		}
		fd := bound(t, addr, zone, port)
		if fd < 0 {
			if is4 && addr.IsLoopback() && port == 0 {
				t.Fatalf("not even %v is bound", addr)
			}
			return
		}
		defer syscall.Close(fd)
		want, err := syscall.Getsockname(fd)
		if err != nil {
			t.Fatal(err)
		}
		var raw [sizeofSockaddrIn6]byte
		got, ok := tcpAddr(raw[:localName(fd, raw[:])]).(*net.TCPAddr)
		if !ok {
			t.Fatalf("the kernel's name of %v is not decoded: %x", addr, raw)
		}
		switch want := want.(type) {
		case *syscall.SockaddrInet4:
			ok = got.Port == want.Port && bytes.Equal(got.IP, want.Addr[:]) && got.Zone == ""
		case *syscall.SockaddrInet6:
			ok = got.Port == want.Port && bytes.Equal(got.IP, want.Addr[:]) && got.Zone == zoneOf(want.ZoneId)
		default:
			ok = false
		}
		if !ok {
			t.Errorf("bound to %v port %d: got %#v, package syscall says %#v", addr, port, got, want)
		}
	})
}

// bound is a socket that is bound to an address which the machine need not have, or -1 where the
// kernel takes no such address.
func bound(t *testing.T, addr netip.Addr, zone uint32, port uint16) int {
	t.Helper()
	family, level, option := syscall.AF_INET, syscall.IPPROTO_IP, unix.IP_FREEBIND
	var sa syscall.Sockaddr = &syscall.SockaddrInet4{Port: int(port)}
	if addr.Is4() {
		sa.(*syscall.SockaddrInet4).Addr = addr.As4()
	} else {
		family, level, option = syscall.AF_INET6, syscall.IPPROTO_IPV6, unix.IPV6_FREEBIND
		sa = &syscall.SockaddrInet6{Port: int(port), Addr: addr.As16(), ZoneId: zone}
	}
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err == syscall.EAFNOSUPPORT && addr.Is6() {
		return -1 // a kernel without IPv6
	}
	if err == nil {
		err = syscall.SetsockoptInt(fd, level, option, 1)
	}
	if err != nil {
		t.Fatal(os.NewSyscallError("socket", err))
	}
	if err := syscall.Bind(fd, sa); err != nil {
		syscall.Close(fd) // multicast, a zone that is none, a port that is taken or privileged
		return -1
	}
	return fd
}
